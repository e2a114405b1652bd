"""The story that Segler must always tell well: Examples/shop/demo.py plays it, with a real MariaDB and a Java web shop."""
import json
import sys

import pytest
from conftest import need_root
from segler import BINARY, ROOT, run


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("shop") / "shop.tar"
    made = run(sys.executable, ROOT / "Examples/shop/images.py", "-o", path, timeout=300)
    assert made.returncode == 0, made.stderr
    return path


def test_two_environments_an_update_a_broken_version_and_the_way_back(archive):
    need_root()
    played = run(sys.executable, ROOT / "Examples/shop/demo.py", "--segler", BINARY, "--images", archive, "-o", "json",
                 timeout=500)
    assert played.returncode == 0, f"{played.stderr}\n{played.stdout}"
    told, result = played.stderr, json.loads(played.stdout)
    assert result["failed"] == 0 and set(result["versions"]) == {"1", "2"} and result["good"] > 500, result
    assert "statuscode: 500" in told and told.count("deployment.apps/shop rolled back") == 1
    # The order made before the update is there after all of it.
    assert "production: shop 2" in told.split("its data stays")[1]
