"""What Pods and nodes use: metrics.k8s.io, kubectl top, and the node's own metrics."""
import re

import pytest
from segler import eventually

METRICS = "/apis/metrics.k8s.io/v1beta1"


@pytest.fixture
def busy(ns):
    """A Pod that uses a tenth to a half of a core and 30 MB, and one that does nothing."""
    ns.run("busy", labels={"app": "busy"}, container={"resources": {"limits": {"cpu": "200m", "memory": "100Mi"}}},
           script="head -c 30000000 /dev/zero | tr '\\0' x > /dev/shm/held; while :; do :; done")
    ns.run("idle", script="trap 'exit 0' TERM; while :; do sleep 60 & wait $!; done")
    # A use is measured between two looks at a container.
    path = f"{METRICS}/namespaces/{ns.name}/pods"
    eventually(lambda: len(ns.api.get(path).json["items"]) == 2, what="the first measurement")
    return ns


def test_what_pods_use_is_measured(busy):
    path = f"{METRICS}/namespaces/{busy.name}/pods"
    found = {p["metadata"]["name"]: p for p in busy.api.get(path).json["items"]}
    assert set(found) == {"busy", "idle"}
    usage = {name: p["containers"][0]["usage"] for name, p in found.items()}
    cores = {name: int(re.fullmatch(r"(\d+)n", u["cpu"])[1]) / 1e9 for name, u in usage.items()}
    assert 0.1 < cores["busy"] < 0.3 and cores["idle"] < 0.05, cores
    memory = int(re.fullmatch(r"(\d+)Ki", usage["busy"]["memory"])[1])
    assert 29_000 < memory < 60_000, memory
    assert [p["metadata"]["name"] for p in busy.api.get(path + "?labelSelector=app=busy").json["items"]] == ["busy"]
    one = busy.api.get(path + "/busy").json
    assert one["kind"] == "PodMetrics" and one["containers"][0]["name"] == "busy" and float(one["window"][:-1]) >= 1


def test_kubectl_top_shows_pods_and_nodes(busy):
    top = busy.kubectl("top", "pods", "--containers")
    assert re.search(r"busy +busy +1\d\dm|busy +busy +2\d\dm", top), top
    node = busy.get("pod", "busy")["spec"]["nodeName"]
    line = next(line for line in busy.kubectl("top", "nodes").splitlines() if line.startswith(node))
    assert re.fullmatch(rf"{re.escape(node)} +\d+m +\d+% +\d+Mi +\d+% *", line), line


def test_the_group_is_discovered(cluster):
    assert "metrics.k8s.io" in {g["name"] for g in cluster.api.get("/apis").json["groups"]}
    assert cluster.api.get(f"{METRICS}/nodes").json["items"][0]["usage"]["cpu"].endswith("n")
    assert cluster.api.get(f"{METRICS}/nodes/nobody").status == 404
    assert cluster.api.post(f"{METRICS}/nodes", {}).status == 405


def test_resource_metrics_have_upstreams_names(busy):
    node = busy.get("pod", "busy")["spec"]["nodeName"]
    labels = f'container="busy",namespace="{busy.name}",pod="busy"'
    seconds = re.compile(rf"^container_cpu_usage_seconds_total{{{re.escape(labels)}}} (\S+)$", re.M)
    path = f"/api/v1/nodes/{node}/proxy/metrics/resource"
    text = eventually(lambda: (t := busy.api.get(path).text) and seconds.search(t) and t, what="the container's metrics")
    used = seconds.search(text)
    assert float(used[1]) > 0
    assert re.search(r"^node_memory_working_set_bytes \d", text, re.M)
    assert re.search(rf'^pod_memory_working_set_bytes{{namespace="{busy.name}",pod="idle"}} \d', text, re.M)
