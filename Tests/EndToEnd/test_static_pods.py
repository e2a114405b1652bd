"""Pods from files of the node, and their mirrors in the API."""
import json

import pytest
import yaml
from segler import eventually, is_ready, pod


@pytest.fixture
def manifests(cluster):
    """The node's directory of manifests, empty again afterwards."""
    directory = cluster.data / "manifests"
    eventually(directory.is_dir, what="the directory")
    yield directory
    for file in directory.iterdir():
        file.unlink()
    eventually(lambda: not mirrors(cluster), 30, "the end of the static Pods")


def mirrors(cluster):
    return [p for p in cluster.api.get("/api/v1/pods").json["items"]
            if "kubernetes.io/config.mirror" in p["metadata"].get("annotations", {})] if cluster.running() else []


def write(directory, value, name="a.yaml"):
    temporary = directory / ".new"
    temporary.write_text(yaml.safe_dump(value) if name.endswith("yaml") else json.dumps(value))
    temporary.rename(directory / name)


def node(cluster):
    return cluster.api.get("/api/v1/nodes").json["items"][0]["metadata"]["name"]


def test_a_file_becomes_a_pod_with_a_mirror_that_comes_back(cluster, manifests):
    path, name = "/api/v1/namespaces/default/pods", f"static-{node(cluster)}"
    write(manifests, pod("static", "demoapp:1"))
    first = cluster.api.wait(path, name, is_ready)
    annotations = first["metadata"]["annotations"]
    assert annotations["kubernetes.io/config.source"] == "file" and annotations["kubernetes.io/config.seen"]
    assert annotations["kubernetes.io/config.mirror"] == annotations["kubernetes.io/config.hash"]
    assert first["metadata"]["ownerReferences"][0]["kind"] == "Node"
    assert "demoapp 1" in cluster.kubectl("logs", name)
    cluster.kubectl("delete", "pod", name, "--wait=false")
    second = cluster.api.wait(path, name, lambda p: is_ready(p) and p["metadata"]["uid"] != first["metadata"]["uid"])
    ids = [p["status"]["containerStatuses"][0]["containerID"] for p in (first, second)]
    assert ids[0] == ids[1], "the containers are the node's, not the mirror's"

    write(manifests, pod("static", "demoapp:2"))
    cluster.api.wait(path, name, lambda p: is_ready(p) and p["spec"]["containers"][0]["image"] == "demoapp:2")
    (manifests / "a.yaml").unlink()
    cluster.api.wait(path, name, lambda p: p is None)
    eventually(lambda: not cluster.files_about(annotations["kubernetes.io/config.hash"]), 20, "the removal of its files")


def test_what_is_wrong_with_a_file_is_told_and_others_run(cluster, manifests):
    write(manifests, {"kind": "Pod", "spec": {"nonsense": 1}}, "wrong.json")
    write(manifests, {**pod("right", "demoapp:1"), "metadata": {"name": "right", "namespace": "kube-system"}}, "right.json")
    cluster.api.wait("/api/v1/namespaces/kube-system/pods", f"right-{node(cluster)}", is_ready)
    eventually(lambda: "wrong.json" in cluster.log(1000), what="a word about the wrong file")
