"""A node of another machine: a network namespace with an agent of its own, reached over the network alone."""
import json
import os
import re
import signal
import subprocess
import urllib.request

import pytest
from segler import BINARY, Lines, Segler, eventually, hunt, is_ready, run

ADDRESSES = ("10.213.7.1", "10.213.7.2")
WAITS = "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"


class Agent:
    """`segler agent` in its own network namespace."""

    def __init__(self, server):
        self.server, self.name = server, "second"
        self.home = Segler("second", node=True)
        self.namespace = f"second{os.getpid()}"
        self.process = None

    def start(self, *more):
        command = ["nsenter", f"--net=/run/netns/{self.namespace}", BINARY, "agent", "--server",
                   f"https://{ADDRESSES[0]}:{self.server.port}", "--ca-file", self.server.data / "pki/ca.crt",
                   "--data-dir", self.home.data, "--node-name", self.name, "--kubelet-port", "10250", *more]
        self.errors = open(self.home.data / "test-stderr.log", "ab")
        self.process = subprocess.Popen([str(a) for a in command], stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                        start_new_session=True)
        self.home.process = self.process
        line = self.process.stdout.readline()
        assert line.startswith("ready"), line + (self.home.data / "test-stderr.log").read_text()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(30)


@pytest.fixture(scope="module")
def cluster(new_server, image_archive):
    """A server without a node, and a node that is not the server's."""
    if os.geteuid() != 0:
        pytest.skip("runs real containers, which needs root")
    server = new_server("first")
    agent = Agent(server)
    run("ip", "netns", "add", agent.namespace)
    try:
        for command in (f"link add {agent.namespace} type veth peer name eth0 netns {agent.namespace}",
                        f"address add {ADDRESSES[0]}/30 dev {agent.namespace}", f"link set {agent.namespace} up",
                        f"-n {agent.namespace} address add {ADDRESSES[1]}/30 dev eth0",
                        f"-n {agent.namespace} link set eth0 up", f"-n {agent.namespace} link set lo up",
                        f"-n {agent.namespace} route add default via {ADDRESSES[0]}"):
            done = run("ip", *command.split())
            assert done.returncode == 0, done.stderr
        server.start("--listen", f"0.0.0.0:{server.port}")
        token = server.data / "join.token"
        token.write_text(run(BINARY, "token", "create", "--kubeconfig", server.kubeconfig).stdout)
        agent.start("--token-file", token, "--node-address", ADDRESSES[1])
        server.api.wait("/api/v1/nodes", agent.name, is_ready)
        agent.home.import_images(image_archive)
        server.agent = agent
        yield server
        with_pods = server.kubectl_result("delete", "pods", "--all-namespaces", "--all", "--grace-period=1", "--timeout=30s")
        assert with_pods.returncode == 0, with_pods.stderr
    finally:
        if agent.process:
            agent.stop()
        agent.home.process = None
        agent.home.node = False
        agent.home.destroy()
        run("ip", "link", "delete", agent.namespace)
        run("ip", "netns", "delete", agent.namespace)


def test_a_node_joins_with_certificates_of_its_own(cluster):
    requests = json.loads(cluster.kubectl("get", "csr", "-o", "json"))["items"]
    assert {r["spec"]["signerName"] for r in requests} == {
        "kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/kubelet-serving"}
    assert {r["spec"]["username"].split(":")[1] for r in requests} == {"bootstrap", "node"}
    node = json.loads(cluster.kubectl("get", "node", "second", "-o", "json"))
    assert node["spec"]["podCIDR"] == "10.42.1.0/24"
    assert node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 10250
    assert (cluster.agent.home.data / "pki/agent.key").stat().st_mode & 0o777 == 0o600


def test_logs_commands_and_files_go_through_the_server(cluster, ns, tmp_path):
    ns.run("app", script="echo hello; " + WAITS)
    ns.says("app", "hello")
    with ns.kubectl_running("logs", "-f", "app") as kubectl:
        Lines(kubectl.stdout).until("hello")
    assert ns.kubectl("exec", "app", "--", "sh", "-c", "echo out; hostname") == "out\napp\n"
    assert ns.kubectl("exec", "-i", "app", "--", "cat", input="typed") == "typed"
    failed = ns.kubectl_result("exec", "app", "--", "sh", "-c", "exit 7")
    assert failed.returncode == 7
    file = tmp_path / "file"
    file.write_text("content")
    ns.kubectl("exec", "app", "--", "mkdir", "-p", "/tmp")
    ns.kubectl("cp", file, "app:/tmp/file")
    assert ns.kubectl("exec", "app", "--", "cat", "/tmp/file") == "content"


@pytest.mark.parametrize("websockets", ["true", "false"])
def test_ports_are_forwarded(cluster, ns, monkeypatch, websockets):
    monkeypatch.setenv("KUBECTL_PORT_FORWARD_WEBSOCKETS", websockets)
    ns.run("app", image="demoapp:1")
    ns.says("app", "tick")
    with ns.kubectl_running("port-forward", "pod/app", ":3306") as kubectl:
        line = Lines(kubectl.stdout).until("Forwarding from 127.0.0.1:")
        port = int(re.search(r"127\.0\.0\.1:(\d+)", line)[1])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
            assert answer.read().decode() == "demoapp 1 on app\n"


def test_measurements_and_the_nodes_own_api(cluster, ns):
    ns.run("app", script=WAITS)
    proxy = "/api/v1/nodes/second/proxy"
    assert cluster.kubectl("get", "--raw", proxy + "/healthz") == "ok"
    assert "container_memory_working_set_bytes" in cluster.kubectl("get", "--raw", proxy + "/metrics/cadvisor")
    line = eventually(lambda: (r := cluster.kubectl_result("top", "node")).returncode == 0 and r.stdout)
    assert line.splitlines()[1].split()[0] == "second"
    eventually(lambda: "app" in ns.kubectl_result("top", "pod").stdout)


def test_the_agent_finds_its_pods_again_and_needs_no_token(cluster, ns):
    before = ns.run("app", script=WAITS)
    cluster.agent.stop(signal.SIGKILL)
    cluster.agent.start("--node-address", ADDRESSES[1])
    cluster.api.wait("/api/v1/nodes", "second", is_ready)
    after = ns.get("pod", "app")
    assert after["status"]["containerStatuses"][0]["containerID"] == before["status"]["containerStatuses"][0]["containerID"]
    assert ns.kubectl("exec", "app", "--", "echo", "alive") == "alive\n"


def test_certificates_are_renewed_while_all_runs(cluster, ns):
    """Missing ones count as expired; SIGHUP asks at once what is asked once a day."""
    ns.run("app", script="echo hello; " + WAITS)
    agent = cluster.agent

    def served(address, *prefix):
        told = run(*prefix, "openssl", "s_client", "-connect", address, input="").stdout
        return run("openssl", "x509", "-noout", "-fingerprint", input=told).stdout
    places = [(cluster, f"127.0.0.1:{cluster.port}", (), ["apiserver", "apiserver-kubelet-client", "admin"]),
              (agent.home, f"{ADDRESSES[1]}:10250", (), ["agent", "kubelet"])]
    for home, address, prefix, names in places:
        before = served(address, *prefix)
        assert "ingerprint" in before
        for name in names:
            (home.data / f"pki/{name}.crt").unlink()
        home.process.send_signal(signal.SIGHUP)
        eventually(lambda: all((home.data / f"pki/{name}.crt").exists() for name in names), what="new certificates")
        eventually(lambda: served(address, *prefix) not in ("", before), what="the new certificate")
    assert cluster.kubectl("get", "nodes").count("Ready") == 1
    assert "hello" in ns.kubectl("logs", "app")
    assert ns.kubectl("exec", "app", "--", "echo", "again") == "again\n"


def test_kube_hunter_finds_nothing_at_the_agent(cluster, ns):
    ns.run("app", script=WAITS)
    assert hunt(ADDRESSES[1]) == ({"Kubelet API"}, set())


def test_drain_empties_the_node_and_uncordon_opens_it(cluster, ns):
    labels = {"app": "web"}
    ns.kubectl("create", "-f", "-", input={
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
            "replicas": 2, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [
                    {"name": "web", "image": "busybox:1", "command": ["sh", "-c", WAITS]}]}}}})
    ns.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    ns.kubectl("create", "-f", "-", input={
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": labels}}})
    eventually(lambda: ns.get("pdb", "web")["status"].get("disruptionsAllowed") == 1)
    held = cluster.kubectl_result("drain", "second", "--ignore-daemonsets", "--force", "--timeout=8s", timeout=60)
    assert held.returncode != 0 and "disruption budget" in held.stderr
    assert cluster.kubectl("get", "node", "second").splitlines()[1].split()[1] == "Ready,SchedulingDisabled"
    ns.kubectl("delete", "pdb", "web")
    done = cluster.kubectl("drain", "second", "--ignore-daemonsets", "--force", "--timeout=60s", timeout=90)
    assert "node/second drained" in done
    running = [p for p in ns.api.get(ns.path()).json["items"] if p["spec"].get("nodeName")]
    assert running == []
    cluster.kubectl("uncordon", "second")
    ns.kubectl("rollout", "status", "deployment/web", "--timeout=60s")


def test_pods_of_a_deleted_node_are_gone(cluster, ns):
    """The last test of this node: upstream's pod GC takes its Pods for lost."""
    ns.run("app", script=WAITS)
    cluster.agent.stop()
    cluster.kubectl("delete", "node", "second")
    eventually(lambda: ns.api.get(ns.path()).json["items"] == [], 90, "the end of the node's Pods")


def test_nonsense_is_refused(tmp_path):
    for arguments, word in ((["--server", "http://a", "--ca-file", "x"], "https://"),
                            (["--server", "https://127.0.0.1:1", "--ca-file", tmp_path / "none"], "ca.crt")):
        result = run(BINARY, "agent", "--data-dir", tmp_path / "d", *arguments)
        assert result.returncode == 2 and word in result.stderr, result.stderr
