"""Pods that take more of the node's disk than they may are ended, and say why."""
import json
import re

import pytest
from segler import eventually, is_ready, phase, pod, run

PODS = "/api/v1/namespaces/default/pods"
WAITS = "; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"


@pytest.mark.parametrize("where, more, message", [
    ("/v/full", {"volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Mi"}}],
                 "container": {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}},
     'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '),
    ("/tmp/full", {"container": {"resources": {"limits": {"ephemeral-storage": "2Mi"}}}},
     'Container greedy exceeded its local ephemeral storage limit "2Mi". '),
])
def test_a_pod_beyond_its_local_storage_is_evicted(ns, where, more, message):
    ns.run("modest", **more, script="true" + WAITS)
    greedy = {**more, "script": f"mkdir -p /tmp; head -c 5000000 /dev/zero > {where}" + WAITS}
    ns.run("greedy", **greedy)
    ended = ns.wait("greedy", lambda p: phase(p) == "Failed")
    assert (ended["status"]["reason"], ended["status"]["message"]) == ("Evicted", message)
    assert ns.event("greedy", "Evicted").strip() == message.strip()
    assert phase(ns.get("pod", "modest")) == "Running"


@pytest.fixture(scope="module")
def full(new_server, image_archive):
    """A node that takes its disk for full, and keeps something back."""
    server = new_server("full", node=True)
    server.start("--eviction-hard", "nodefs.available<99%,memory.available<10Mi", "--kube-reserved", "cpu=300m,memory=64Mi",
                 "--system-reserved", "memory=36Mi")
    server.import_images(image_archive)
    eventually(lambda: server.api.get("/api/v1/namespaces/default/serviceaccounts/default").status == 200)
    # Before the first round: what nobody uses then goes, its image is used.
    goes = pod("goes", script="head -c 3000000 /dev/zero > /full; exec sleep 300",
               tolerations=[{"key": "node.kubernetes.io/disk-pressure", "operator": "Exists"}])
    assert server.api.post(PODS, goes).status == 201
    yield server
    server.destroy()


def test_what_is_reserved_is_not_given_to_pods(full):
    status = json.loads(full.kubectl("get", "nodes", "-o", "json"))["items"][0]["status"]

    def kib(name):
        return int(status[name]["memory"].removesuffix("Ki"))
    assert kib("capacity") - kib("allocatable") == (64 + 36 + 10) * 1024
    assert status["allocatable"]["cpu"] == f"{int(status['capacity']['cpu']) * 1000 - 300}m"


def test_a_full_disk_is_told_tainted_and_relieved(full):
    """https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/"""
    node = json.loads(full.kubectl("get", "nodes", "-o", "json"))["items"][0]
    name = node["metadata"]["name"]
    full.api.wait("/api/v1/nodes", name, lambda n: any(
        c["type"] == "DiskPressure" and (c["status"], c["reason"]) == ("True", "KubeletHasDiskPressure")
        for c in n["status"]["conditions"]))
    full.api.wait("/api/v1/nodes", name, lambda n: any(
        t["key"] == "node.kubernetes.io/disk-pressure" and t["effect"] == "NoSchedule"
        for t in n["spec"].get("taints", [])))
    stays = pod("waits", script="exec sleep 300")
    assert full.api.post(PODS, stays).status == 201
    ended = full.api.wait(PODS, "goes", lambda p: phase(p) == "Failed", timeout=120)
    assert ended["status"]["reason"] == "Evicted"
    assert ended["status"]["message"].startswith("The node was low on resource: ephemeral-storage. Threshold quantity: ")
    assert phase(full.api.get(f"{PODS}/waits").json) == "Pending"


def test_images_that_nobody_uses_go_first(full):
    """https://kubernetes.io/docs/concepts/architecture/garbage-collection/#container-image-garbage-collection"""
    socket = re.search(r'address = "(/[^"]*)"', (full.data / "containerd.toml").read_text())[1]

    def images():
        return run("ctr", "--address", socket, "--namespace", "k8s.io", "images", "list", "--quiet").stdout.split()
    eventually(lambda: not any("demoapp" in name for name in images()), 60, "the end of unused images")
    assert any("pause" in name for name in images())


@pytest.mark.parametrize("option, value", [
    ("--eviction-hard", "memory<1Gi"), ("--eviction-hard", "memory.available<lots"), ("--kube-reserved", "cpu"),
    ("--system-reserved", "gpu=1")])
def test_nonsense_is_refused_with_its_name(tmp_path, option, value):
    from segler import BINARY
    result = run(BINARY, "server", "--data-dir", tmp_path / "d", option, value)
    assert result.returncode == 2 and option in result.stderr and not (tmp_path / "d").exists()
