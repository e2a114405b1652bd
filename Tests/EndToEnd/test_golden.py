"""Recorded exchanges with Kubernetes' own API server get the same answers here, where the recordings are at hand."""
import os
import pathlib
import re
import sys

import pytest
from segler import ROOT, run

SCRIPT = pathlib.Path(os.environ.get("GOLDEN", ROOT.parent / "shared/golden/golden.py"))
# What needs CEL: a rule that refuses, and a list that would be one shorter.
WITHOUT_CEL = {"crd/crd-basic step 6", "crd/crd-basic step 19"}


@pytest.mark.skipif(not SCRIPT.exists(), reason=f"there is no {SCRIPT}")
def test_every_recorded_answer_is_given(own_server):
    own_server.start()
    result = run(sys.executable, SCRIPT, "--server", own_server.url, "--ca", own_server.data / "pki/ca.crt",
                 "--token-file", own_server.data / "admin.token", timeout=300)
    passed, failed = map(int, re.search(r"(\d+) passed, (\d+) failed", result.stdout).groups())
    different = set(re.findall(r"^FAIL (\S+ step \d+)", result.stdout, re.M))
    assert passed > 0 and different <= WITHOUT_CEL, result.stdout
