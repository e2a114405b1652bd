"""The agent's own port: who may ask it, and what it says."""
import contextlib
import http.client
import json
import ssl

import pytest
from segler import Answer, eventually


class Kubelet:
    """A client of the port, which verifies that it is this cluster's node."""

    def __init__(self, cluster):
        self.cluster = cluster
        node = cluster.api.get("/api/v1/nodes").json["items"][0]
        self.name = node["metadata"]["name"]
        self.port = node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"]

    def request(self, method, path, token=None, certificate=None):
        context = ssl.create_default_context(cafile=self.cluster.data / "pki/ca.crt")
        if certificate:
            context.load_cert_chain(f"{self.cluster.data}/pki/{certificate}.crt", f"{self.cluster.data}/pki/{certificate}.key")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=30)) as one:
            one.request(method, path, headers=headers)
            answer = one.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def get(self, path, **who):
        return self.request("GET", path, **(who or {"certificate": "apiserver-kubelet-client"}))


@pytest.fixture(scope="module")
def kubelet(cluster):
    return Kubelet(cluster)


def account(ns, rules):
    """A token of a ServiceAccount that may do this much."""
    ns.kubectl("create", "serviceaccount", "reader")
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": ns.name},
            "rules": [{"apiGroups": [""], "resources": rules, "verbs": ["get"]}]}
    ns.kubectl("create", "-f", "-", input=role)
    ns.kubectl("create", "clusterrolebinding", ns.name, f"--clusterrole={ns.name}", f"--serviceaccount={ns.name}:reader")
    return ns.kubectl("create", "token", "reader").strip()


def test_nobody_is_told_anything_without_a_name(kubelet):
    for path in ("/pods", "/healthz", "/metrics", "/containerLogs/a/b/c"):
        assert kubelet.request("GET", path).status == 401
    assert kubelet.get("/pods", token="nonsense").status == 401


def test_a_role_opens_its_part_and_no_other(kubelet, ns):
    """https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/#kubelet-authorization"""
    token = account(ns, ["nodes/metrics"])
    eventually(lambda: kubelet.get("/metrics/resource", token=token).status == 200)
    refused = kubelet.get("/pods", token=token)
    assert refused.status == 403
    assert f"user=system:serviceaccount:{ns.name}:reader, verb=get, resource=nodes" in refused.text
    assert kubelet.get("/stats/summary", token=token).status == 403
    ns.kubectl("delete", "clusterrole,clusterrolebinding", ns.name)


def test_pods_logs_and_commands_are_answered(kubelet, ns):
    ns.run("app", script="echo hello; exec sleep 300")
    ns.says("app", "hello")
    assert kubelet.get(f"/containerLogs/{ns.name}/app/app").text == "hello\n"
    assert kubelet.get(f"/containerLogs/{ns.name}/app/app?tailLines=0").text == ""
    assert kubelet.get(f"/containerLogs/{ns.name}/app/other").status == 400
    assert kubelet.get(f"/containerLogs/{ns.name}/none/app").status == 404
    assert "app" in [p["metadata"]["name"] for p in kubelet.get("/pods").json["items"]]
    running = {p["metadata"]["name"]: p for p in kubelet.get("/runningpods/").json["items"]
               if p["metadata"]["namespace"] == ns.name}
    assert [c["name"] for c in running["app"]["spec"]["containers"]] == ["app"]
    ran = kubelet.request("POST", f"/run/{ns.name}/app/app?cmd=echo%20ran", certificate="apiserver-kubelet-client")
    assert (ran.status, ran.text) == (200, "ran\n")


def test_measurements_name_the_containers(kubelet, ns):
    ns.run("app", script="exec sleep 300")
    ns.kubectl("wait", "--for=condition=Ready", "pod/app")
    text = kubelet.get("/metrics/cadvisor").text
    line = next(l for l in text.splitlines() if l.startswith("container_memory_working_set_bytes{") and ns.name in l)
    assert 'container="app"' in line and 'pod="app"' in line and float(line.split()[-1]) > 0
    received = next(l for l in text.splitlines() if l.startswith("container_network_receive_bytes_total{") and ns.name in l)
    assert 'interface="eth0"' in received
    summary = next(p for p in kubelet.get("/stats/summary").json["pods"] if p["podRef"]["namespace"] == ns.name)
    assert summary["network"]["name"] == "eth0" and summary["startTime"] and summary["containers"][0]["startTime"]
    assert "container_cpu_usage_seconds_total{" in text and "machine_cpu_cores" in text
    own = kubelet.get("/metrics").text
    assert "kubelet_running_pods " in own
    started = next(l for l in own.splitlines() if l.startswith("kubelet_pod_start_duration_seconds_count"))
    assert int(started.split()[-1]) > 0
    assert kubelet.get("/configz").json["kubeletconfig"]["kind"] == "KubeletConfiguration"
    assert kubelet.get("/nothing").status == 404


def test_probes_are_counted(kubelet, ns):
    ns.run("app", script="exec sleep 300", container={"readinessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1}})
    ns.kubectl("wait", "--for=condition=Ready", "pod/app")

    def lines():
        return [l for l in kubelet.get("/metrics/probes").text.splitlines() if f'namespace="{ns.name}"' in l]
    assert any('probe_type="Readiness"' in l and 'result="successful"' in l for l in lines())
    ns.kubectl("delete", "pod", "app")
    eventually(lambda: not lines(), what="the end of what is counted for a Pod that is gone")


def test_the_systems_logs_stay_in_their_directory(kubelet):
    assert kubelet.get("/logs/").status == 200
    for path in ("/logs/../../etc/passwd", "/logs/%2e%2e/%2e%2e/etc/passwd", "/logs/nothing-here"):
        assert kubelet.get(path).status == 404


def test_the_node_proxy_leads_to_the_same(kubelet, cluster):
    proxy = f"/api/v1/nodes/{kubelet.name}/proxy"
    assert cluster.kubectl("get", "--raw", proxy + "/healthz") == "ok"
    assert "PodList" in cluster.kubectl("get", "--raw", proxy + "/pods")
    assert "container_cpu_usage_seconds_total" in cluster.kubectl("get", "--raw", proxy + "/metrics/cadvisor")


def test_a_second_server_takes_another_port(new_server):
    """Two servers on one machine: the port of the agent is no reason to refuse the second."""
    first, second = new_server("k1", node=True), new_server("k2", node=True)
    for server in (first, second):
        server.kubelet_port = None
        server.start()
    ports = [eventually(lambda s=s: s.api.get("/api/v1/nodes").json["items"])[0]["status"]["daemonEndpoints"]
             ["kubeletEndpoint"]["Port"] for s in (first, second)]
    assert ports[0] != ports[1] and ports[1] not in (0, 10250)
    first.destroy()
    second.destroy()
