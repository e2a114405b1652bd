"""Ports of Pods on the user's machine, files in and out of containers, and clients that speak SPDY."""
import contextlib
import os
import re
import urllib.request

import pytest
from kubernetes import client, config, stream
from segler import Lines

WAITS = "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"


@contextlib.contextmanager
def forwarded(ns, *arguments):
    """A local port that `kubectl port-forward` leads to port 3306 of a Pod."""
    with ns.kubectl_running("port-forward", *arguments) as kubectl:
        line = Lines(kubectl.stdout).until("Forwarding from 127.0.0.1:")
        yield int(re.search(r"127\.0\.0\.1:(\d+)", line)[1])


def fetch(port, path="/"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return answer.read().decode()


@pytest.mark.parametrize("websockets", ["true", "false"])
def test_a_forwarded_port_leads_into_the_pod(ns, monkeypatch, websockets):
    monkeypatch.setenv("KUBECTL_PORT_FORWARD_WEBSOCKETS", websockets)
    ns.run("app", image="demoapp:1")
    ns.says("app", "tick")
    with forwarded(ns, "pod/app", ":3306") as port:
        assert fetch(port) == "demoapp 1 on app\n"
        assert fetch(port) == "demoapp 1 on app\n", "a second connection"


def test_a_port_where_nobody_listens_says_so(ns):
    ns.run("app", image="demoapp:1")
    with ns.kubectl_running("port-forward", "pod/app", ":81") as kubectl:
        port = int(re.search(r":(\d+) ->", Lines(kubectl.stdout).until("Forwarding from 127.0.0.1"))[1])
        with pytest.raises(OSError):
            fetch(port)
        assert "refused" in Lines(kubectl.stderr).until("an error occurred forwarding")


def test_much_data_goes_through_a_forwarded_port(ns):
    ns.run("app", script=f"mkdir /w; head -c 20000000 /dev/zero > /w/big; httpd -p 3306 -h /w; echo up; {WAITS}")
    ns.says("app", "up")
    with forwarded(ns, "pod/app", ":3306") as port:
        assert len(fetch(port, "/big")) == 20_000_000


def test_exec_over_spdy(ns, monkeypatch):
    monkeypatch.setenv("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "false")
    ns.run("shell", script=WAITS)
    assert ns.kubectl("exec", "-i", "shell", "--", "cat", input="through SPDY") == "through SPDY"
    failed = ns.kubectl_result("exec", "shell", "--", "sh", "-c", "echo bad >&2; exit 7")
    assert failed.returncode == 7 and "bad" in failed.stderr


def test_files_are_copied_in_and_out(ns, tmp_path):
    ns.run("shell", script=WAITS)
    (tmp_path / "in").write_bytes(os.urandom(3_000_000))
    ns.kubectl("cp", tmp_path / "in", "shell:/tmp/there")
    ns.kubectl("cp", "shell:/tmp/there", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == (tmp_path / "in").read_bytes()


def test_the_python_client_forwards_ports(ns):
    ns.run("app", image="demoapp:1")
    core = client.CoreV1Api(config.new_client_from_config(str(ns.cluster.kubeconfig)))
    forward = stream.portforward(core.connect_get_namespaced_pod_portforward, "app", ns.name, ports="3306")
    connection = forward.socket(3306)
    connection.settimeout(20)
    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
    text = b""
    while piece := connection.recv(65536):
        text += piece
    assert text.endswith(b"demoapp 1 on app\n")


def test_logs_of_one_stream(ns):
    ns.run("both", script=f"echo good; echo bad >&2; {WAITS}")
    ns.says("both", "bad")
    log = ns.path(name="both") + "/log?stream="
    assert [ns.api.get(log + s).text for s in ("Stdout", "Stderr")] == ["good\n", "bad\n"]
    assert sorted(ns.api.get(log + "All").text.splitlines()) == ["bad", "good"]
    assert ns.api.get(log + "stdout").status == 422 and ns.api.get(log + "Stdout&tailLines=1").status == 422
