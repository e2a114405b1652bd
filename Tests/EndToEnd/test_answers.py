"""What is wrong with an object, by field and reason: see answers.yaml."""
import copy
import pathlib

import pytest
import yaml

TABLE = yaml.safe_load((pathlib.Path(__file__).parent / "answers.yaml").read_text())
CASES = [(kind, case) for kind, table in TABLE.items() for case in table["cases"] if "skip" not in case]


def changed(base, change):
    """A copy of `base` with `change`: fields by their paths, list items by number."""
    whole = copy.deepcopy(base)
    whole.setdefault("metadata", {}).setdefault("name", "it")
    for path, value in change.items():
        *parents, last = path.split(".")
        place = whole
        for step in parents:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        if isinstance(place, list):
            place[int(last)] = value
        elif value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return whole


CLUSTER = {"Namespace", "Node", "PersistentVolume", "IngressClass", "ClusterRole", "ClusterRoleBinding", "StorageClass",
           "CSIDriver", "VolumeAttributesClass", "PriorityClass", "RuntimeClass", "FlowSchema",
           "PriorityLevelConfiguration", "ValidatingWebhookConfiguration", "CertificateSigningRequest", "APIService",
           "CustomResourceDefinition", "ResourceSlice"}


def path(kind, base, namespace):
    version = base["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    scope = "" if base["kind"] in CLUSTER else f"/namespaces/{namespace}"
    return f"{root}{scope}/{kind.split('.')[0]}?dryRun=All"


@pytest.mark.parametrize("kind, case", CASES, ids=lambda value: value if isinstance(value, str) else str(value["change"]))
def test_everything_that_is_wrong_is_found_where_it_is(control_plane, kind, case):
    base = TABLE[kind]["base"]
    answer = control_plane.api.post(path(kind, base, "default"), changed(base, case["change"]))
    if case.get("ok"):
        assert answer.status == 201, answer
        return
    assert answer.status == 422, answer
    found = [f"{cause.get('field')} {cause['reason'].removeprefix('FieldValue')}"
             for cause in answer.json["details"]["causes"]]
    assert sorted(found) == sorted(case["causes"])
