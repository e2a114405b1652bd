"""How containers of a Pod come and go: sidecars, hooks, probes, restarts, deadlines."""
import contextlib
import http.server
import socket
import ssl
import subprocess
import threading
import time

import pytest
from segler import container, eventually, is_ready, phase, pod, terminated, waiting_reason

FOREVER = "trap 'exit 0' TERM; sleep 1000 & wait"


def part(name, script, **more):
    return {"name": name, "image": "busybox:1", "command": ["sh", "-c", script], **more}


def status_of(value, name):
    lists = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    found = [s for key in lists for s in (value or {}).get("status", {}).get(key, []) if s["name"] == name]
    return found[0] if found else {}


def restarts(value, name=None):
    return (status_of(value, name) if name else container(value)).get("restartCount", 0)


def condition(value, kind):
    return next((c for c in (value or {}).get("status", {}).get("conditions", []) if c["type"] == kind), {})


@contextlib.contextmanager
def web_server(answer, certificate=None):
    """A server on this machine's loopback: `answer(handler)` for every GET. Yields its port."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def reply(handler, code, **headers):
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


# Init containers and sidecars

def test_init_containers_run_one_after_the_other_before_the_main_ones(ns):
    ns.create(pod("a", script="cat /v/log; sleep 1000 & wait", initContainers=[
        part(n, f"echo {n} >> /v/log; sleep 0.2", volumeMounts=[{"name": "v", "mountPath": "/v"}])
        for n in ("one", "two")], container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]},
        volumes=[{"name": "v", "emptyDir": {}}]))
    value = ns.wait("a", is_ready)
    ns.says("a", "one\ntwo\n")
    assert condition(value, "Initialized")["status"] == "True"
    assert [s["state"]["terminated"]["reason"] for s in value["status"]["initContainerStatuses"]] == ["Completed"] * 2


def test_a_failing_init_container_is_shown_and_fails_a_pod_that_never_restarts(ns):
    ns.create(pod("a", script=FOREVER, restartPolicy="Never", initContainers=[part("init", "exit 5")]))
    value = ns.wait("a", lambda p: phase(p) == "Failed")
    assert status_of(value, "init")["state"]["terminated"]["exitCode"] == 5
    assert condition(value, "Initialized")["reason"] == "ContainersNotInitialized"
    assert waiting_reason(value) == "PodInitializing"
    assert ns.kubectl("get", "pod", "a").splitlines()[1].split()[2] == "Init:Error"


def test_a_sidecar_starts_first_waits_for_its_startup_probe_and_lets_a_job_complete(ns):
    ns.create(pod(
        "job", script="cat /v/log; echo main >> /v/log", restartPolicy="Never", terminationGracePeriodSeconds=20,
        initContainers=[
            part(name, f"trap 'echo {name} ends; exit 0' TERM; sleep 0.5; echo {name} >> /v/log; touch /tmp/up; "
                       "while :; do sleep 0.1; done", restartPolicy="Always",
                 startupProbe={"exec": {"command": ["test", "-e", "/tmp/up"]}, "periodSeconds": 1},
                 volumeMounts=[{"name": "v", "mountPath": "/v"}])
            for name in ("first", "second")],
        container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]}, volumes=[{"name": "v", "emptyDir": {}}]))
    value = ns.wait("job", lambda p: phase(p) == "Succeeded")
    assert ns.kubectl("logs", "job", "-c", "job") == "first\nsecond\n"
    ends = {n: status_of(value, n)["state"]["terminated"] for n in ("job", "first", "second")}
    assert ends["job"]["finishedAt"] <= ends["second"]["finishedAt"] <= ends["first"]["finishedAt"]
    assert condition(value, "Ready")["reason"] == "PodCompleted"
    assert "first ends" in ns.kubectl("logs", "job", "-c", "first")


def test_a_sidecar_that_ends_is_restarted_whatever_the_pods_policy(ns):
    ns.create(pod("a", script=FOREVER, restartPolicy="Never",
                  initContainers=[part("side", "sleep 1", restartPolicy="Always")]))
    ns.wait("a", lambda p: restarts(p, "side") >= 1 and phase(p) == "Running")


def test_sidecars_end_after_the_others_in_reverse_order(ns):
    polite = "trap 'sleep 0.3; exit 0' TERM; while :; do sleep 0.1; done"
    ns.run("a", script=polite, terminationGracePeriodSeconds=20,
           initContainers=[part(name, polite, restartPolicy="Always") for name in ("one", "two")])
    order = []
    with ns.api.watch(ns.path(), fieldSelector="metadata.name=a") as events:
        ns.kubectl("delete", "pod", "a", "--wait=false")
        for event in events:
            for name in ("a", "two", "one"):
                if name not in order and "terminated" in status_of(event["object"], name).get("state", {}):
                    order.append(name)
            if event["type"] == "DELETED":
                break
    assert order == ["a", "two", "one"]


def test_an_ephemeral_container_sees_the_processes_of_its_target(ns):
    ns.run("a", script="sleep 4321 & wait")
    ns.api.patch(f"{ns.path()}/a/ephemeralcontainers", {"spec": {"ephemeralContainers": [
        part("debug", "ps; exit 0", targetContainerName="a")]}}, kind="strategic-merge-patch")
    value = ns.wait("a", lambda p: "terminated" in status_of(p, "debug").get("state", {}))
    assert phase(value) == "Running" and is_ready(value)
    assert "sleep 4321" in ns.kubectl("logs", "a", "-c", "debug")


# Hooks

def test_a_pod_is_not_running_before_its_post_start_hook_has_ended(ns, tmp_path):
    hook = {"postStart": {"exec": {"command": ["sh", "-c", "while [ ! -e /v/go ]; do sleep 0.1; done"]}}}
    value = pod("a", script=FOREVER, volumes=[{"name": "v", "hostPath": {"path": str(tmp_path)}}],
                container={"lifecycle": hook, "volumeMounts": [{"name": "v", "mountPath": "/v"}]})
    value["spec"]["containers"].append(part("next", FOREVER))
    ns.create(value)
    ns.event("a", "Started")
    time.sleep(1)
    value = ns.get("pod", "a")
    assert phase(value) == "Pending" and waiting_reason(value) == "ContainerCreating"
    assert status_of(value, "next")["state"]["waiting"]["reason"] == "ContainerCreating"
    (tmp_path / "go").touch()
    ns.wait("a", is_ready)


def test_a_failing_post_start_hook_ends_the_container_and_says_so(ns):
    ns.create(pod("a", script=FOREVER, container={"lifecycle": {"postStart": {"exec": {"command": ["false"]}}}}))
    assert ns.event("a", "FailedPostStartHook") == "PostStartHook failed"
    ns.wait("a", lambda p: restarts(p) >= 1)


def test_http_hooks_ask_the_named_host(ns):
    asked = []
    with web_server(lambda h: (asked.append((h.path, h.headers["X-A"])), reply(h, 500))) as port:
        action = {"host": "127.0.0.1", "port": port, "httpHeaders": [{"name": "X-A", "value": "1"}]}
        ns.run("a", script=FOREVER, container={"lifecycle": {
            "postStart": {"httpGet": {**action, "path": "/start"}},
            "preStop": {"httpGet": {**action, "path": "/stop?x=y"}}}})
        assert asked == [("/start", "1")]
        ns.kubectl("delete", "pod", "a")
        assert asked == [("/start", "1"), ("/stop?x=y", "1")]


def test_pre_stop_runs_before_the_signal_and_within_the_grace_period(ns):
    ns.run("exec", script="trap 'cat /tmp/hook; exit 0' TERM; while :; do sleep 0.1; done",
           terminationGracePeriodSeconds=20,
           container={"lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "echo hooked > /tmp/hook"]}}}})
    ns.run("sleep", script="trap 'exit 0' TERM; while :; do sleep 0.1; done", terminationGracePeriodSeconds=20,
           container={"lifecycle": {"preStop": {"sleep": {"seconds": 3}}}})
    with ns.kubectl_running("logs", "-f", "exec") as kubectl:
        ns.kubectl("delete", "pod", "exec")
        assert kubectl.stdout.readline() == "hooked\n"
    started = time.monotonic()
    ns.kubectl("delete", "pod", "sleep")
    assert 3 <= time.monotonic() - started < 12


def test_a_failing_pre_stop_hook_is_told_and_does_not_keep_the_pod(ns):
    ns.run("a", script=FOREVER, container={"lifecycle": {"preStop": {"tcpSocket": {"port": 1}}}})
    ns.kubectl("delete", "pod", "a")
    assert ns.event("a", "FailedPreStopHook") == "PreStopHook failed"


# Probes

def test_readiness_follows_an_exec_probe(ns):
    probe = {"exec": {"command": ["test", "-e", "/tmp/ok"]}, "periodSeconds": 1, "failureThreshold": 1}
    ns.create(pod("a", script=FOREVER, container={"readinessProbe": probe}))
    value = ns.wait("a", lambda p: phase(p) == "Running")
    assert condition(value, "Ready")["reason"] == "ContainersNotReady"
    assert condition(value, "ContainersReady")["message"] == "containers with unready status: [a]"
    assert "Readiness probe failed" in ns.event("a", "Unhealthy")
    ns.kubectl("exec", "a", "--", "touch", "/tmp/ok")
    ns.wait("a", is_ready)
    ns.kubectl("exec", "a", "--", "rm", "/tmp/ok")
    value = ns.wait("a", lambda p: not is_ready(p))
    assert restarts(value) == 0


def test_a_container_that_fails_its_liveness_probe_is_restarted_with_the_probes_grace_period(ns):
    ns.create(pod("a", image="stubborn:1", terminationGracePeriodSeconds=300, container={"livenessProbe": {
        "exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 2,
        "terminationGracePeriodSeconds": 2}}))
    value = ns.wait("a", lambda p: restarts(p) >= 1)
    assert container(value)["lastState"]["terminated"]["exitCode"] == 137
    assert "Container a failed liveness probe, will be restarted" in ns.event("a", "Killing")


def test_liveness_waits_for_the_startup_probe_which_restarts_when_it_takes_too_long(ns):
    slow = {"exec": {"command": ["test", "-e", "/tmp/up"]}, "periodSeconds": 1, "failureThreshold": 3}
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    ns.create(pod("slow", script=FOREVER, container={"startupProbe": {**slow, "failureThreshold": 60},
                                                     "livenessProbe": never}))
    ns.create(pod("late", script=FOREVER, container={"startupProbe": slow}))
    value = ns.wait("late", lambda p: restarts(p) >= 1)
    assert "Container late failed startup probe, will be restarted" in ns.event("late", "Killing")
    value = ns.get("pod", "slow")
    assert restarts(value) == 0 and container(value)["started"] is False and container(value)["ready"] is False
    ns.kubectl("exec", "slow", "--", "touch", "/tmp/up")
    ns.wait("slow", lambda p: restarts(p) >= 1)


@pytest.mark.parametrize("action, ready", [
    ({"tcpSocket": {"port": "web"}}, True), ({"tcpSocket": {"port": 1}}, False),
    ({"httpGet": {"port": "web", "path": "/"}}, True), ({"httpGet": {"port": 3306, "path": "/none"}}, False),
    ({"grpc": {"port": 1}}, False)], ids=["tcp", "tcp-refused", "http", "http-404", "grpc-refused"])
def test_probes_ask_the_pods_address(ns, action, ready):
    ns.create(pod("a", "demoapp:1", container={"ports": [{"name": "web", "containerPort": 3306}],
                                               "readinessProbe": {**action, "periodSeconds": 1}}))
    if ready:
        ns.wait("a", is_ready)
    else:
        expected = {"tcpSocket": "connection refused", "httpGet": "HTTP probe failed with statuscode: 404",
                    "grpc": "failed to connect service"}[next(iter(action))]
        # The first probe may come before the program listens.
        eventually(lambda: expected in ns.events("a").get("Unhealthy", ""), what=f"'{expected}' in an event")
        assert not is_ready(ns.get("pod", "a"))


def test_http_probes_send_headers_follow_redirects_and_take_any_certificate(ns, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout",
                    tmp_path / "key", "-out", tmp_path / "crt"], check=True, capture_output=True)
    asked = []

    def answer(handler):
        asked.append((handler.path, handler.headers["X-Custom"], handler.headers["User-Agent"], handler.headers["Host"]))
        if handler.path == "/moved":
            reply(handler, 302, Location="/ok")
        else:
            reply(handler, 204)

    with web_server(answer, (tmp_path / "crt", tmp_path / "key")) as port:
        probe = {"httpGet": {"scheme": "HTTPS", "host": "127.0.0.1", "port": port, "path": "/moved",
                             "httpHeaders": [{"name": "X-Custom", "value": "7"}]}, "periodSeconds": 1}
        ns.run("a", script=FOREVER, container={"readinessProbe": probe})
    assert asked[:2] == [(path, "7", "kube-probe/1.36", f"127.0.0.1:{port}") for path in ("/moved", "/ok")]


@contextlib.contextmanager
def health_server(answer):
    """A gRPC server that knows no more than how to answer one call with a status. Yields its port."""
    def frame(kind, flags, stream, payload):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    def header(name, value):
        return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value

    def serve(connection):
        with connection, connection.makefile("rb") as stream:
            stream.read(24)
            connection.sendall(frame(4, 0, 0, b""))
            while head := stream.read(9):
                kind, flags, number = head[3], head[4], int.from_bytes(head[5:], "big")
                stream.read(int.from_bytes(head[:3], "big"))
                if kind == 4 and not flags & 1:
                    connection.sendall(frame(4, 1, 0, b""))
                if kind == 0 and flags & 1:
                    connection.sendall(
                        frame(1, 4, number, b"\x88" + header(b"content-type", b"application/grpc"))
                        + frame(0, 0, number, b"\0\0\0\0\2\x08" + bytes([answer]))
                        + frame(1, 5, number, header(b"grpc-status", b"0")))

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=server.accept()[:1], daemon=True).start()

    with socket.create_server(("", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]


@pytest.mark.parametrize("status, ready", [(1, True), (2, False)])
def test_a_grpc_probe_asks_the_health_service(ns, status, ready):
    with health_server(status) as port:
        # In the host's network the Pod's address is this machine's.
        ns.create(pod("a", script=FOREVER, hostNetwork=True, container={
            "readinessProbe": {"grpc": {"port": port, "service": "web"}, "periodSeconds": 1}}))
        if ready:
            ns.wait("a", is_ready)
        else:
            assert 'service unhealthy (responded with "NOT_SERVING")' in ns.event("a", "Unhealthy")


def test_a_redirect_to_another_host_is_a_warning(ns):
    with web_server(lambda h: reply(h, 302, Location="http://example.com/")) as port:
        probe = {"httpGet": {"host": "127.0.0.1", "port": port}, "periodSeconds": 1}
        ns.run("a", script=FOREVER, container={"readinessProbe": probe})
    assert "Probe terminated redirects" in ns.event("a", "ProbeWarning")


def test_readiness_gates_are_waited_for(ns):
    ns.create(pod("a", script=FOREVER, readinessGates=[{"conditionType": "example.com/open"}]))
    value = ns.wait("a", lambda p: condition(p, "ContainersReady").get("status") == "True")
    assert condition(value, "Ready")["reason"] == "ReadinessGatesNotReady"
    ns.api.patch(f"{ns.path()}/a/status", {"status": {"conditions": [
        {"type": "example.com/open", "status": "True"}]}}, kind="strategic-merge-patch")
    ns.wait("a", is_ready)


def test_a_pod_on_its_way_out_can_become_unready(ns):
    probe = {"exec": {"command": ["test", "!", "-e", "/tmp/leaving"]}, "periodSeconds": 1, "failureThreshold": 1}
    ns.run("a", script="trap 'touch /tmp/leaving; sleep 5; exit 0' TERM; while :; do sleep 0.1; done",
           terminationGracePeriodSeconds=30, container={"readinessProbe": probe})
    ns.kubectl("delete", "pod", "a", "--wait=false")
    ns.wait("a", lambda p: p and not is_ready(p) and "running" in container(p)["state"], timeout=20)


# Restarts and ends

def test_a_containers_own_restart_policy_comes_before_the_pods(ns):
    value = pod("a", script=FOREVER, restartPolicy="Never")
    value["spec"]["containers"] += [
        part("again", "sleep 0.5; exit 1", restartPolicy="OnFailure"),
        part("rule", "sleep 0.5; exit 42", restartPolicy="Never", restartPolicyRules=[
            {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]),
        part("done", "exit 1")]
    ns.create(value)
    value = ns.wait("a", lambda p: restarts(p, "again") >= 1 and restarts(p, "rule") >= 1)
    assert phase(value) == "Running" and restarts(value, "done") == 0


def test_a_pod_past_its_deadline_fails(ns):
    ns.create(pod("a", script=FOREVER, activeDeadlineSeconds=2))
    value = ns.wait("a", lambda p: phase(p) == "Failed")
    assert value["status"]["reason"] == "DeadlineExceeded"
    assert value["status"]["message"] == "Pod was active on the node longer than the specified deadline"


@pytest.mark.parametrize("settings, code, expected", [
    ({}, 1, "from the file"), ({"terminationMessagePath": "/tmp/words"}, 0, "other file"),
    ({"terminationMessagePolicy": "FallbackToLogsOnError", "terminationMessagePath": "/tmp/none"}, 1, "from the log"),
], ids=["file", "path", "log"])
def test_last_words_are_kept(ns, settings, code, expected):
    ns.create(pod("a", script="printf 'from the file' > /dev/termination-log; printf 'other file' > /tmp/words; "
                              f"echo from the log; exit {code}", restartPolicy="Never", container=settings))
    end = terminated(ns.wait("a", lambda p: phase(p) in ("Failed", "Succeeded")))
    assert end["exitCode"] == code and end["message"].strip() == expected


@pytest.mark.parametrize("image, policy, reasons", [
    ("busybox:1", "Never", None), ("localhost:1/none:1", "IfNotPresent", ("ErrImagePull", "ImagePullBackOff")),
    ("localhost:1/none:1", "Never", ("ErrImageNeverPull",)), ("Not//An Image", "Always", ("InvalidImageName",))])
def test_what_is_wrong_with_an_image_is_shown(ns, image, policy, reasons):
    ns.create(pod("a", image, script=FOREVER, container={"imagePullPolicy": policy}))
    for reason in reasons or ():
        ns.wait("a", lambda p: waiting_reason(p) == reason)
    if reasons:
        assert phase(ns.get("pod", "a")) == "Pending"
    else:
        ns.wait("a", is_ready)
