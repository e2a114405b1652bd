"""Webhooks: a server of our own is asked, changes objects and refuses them."""
import base64
import http.server
import json
import socket
import ssl
import threading
import time

import pytest
from segler import pod, run

ADMISSION = "/apis/admissionregistration.k8s.io/v1"


class Hook:
    """An HTTPS server whose answers the test decides: a function of the request, for each path."""

    def __init__(self, directory, address, names):
        self.asked, self.answers, self.address = [], {}, address
        self.ca, key, certificate = directory / "ca.pem", directory / "key.pem", directory / "cert.pem"
        authority_key, request = directory / "ca.key", directory / "request"
        names = ",".join([f"DNS:{name}" for name in names] + [f"IP:{address}"])
        for command in (["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=hooks",
                         "-keyout", authority_key, "-out", self.ca, "-days", "1"],
                        ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=hook",
                         "-keyout", key, "-out", request],
                        ["x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", authority_key, "-CAcreateserial", "-days", "1",
                         "-extfile", "/dev/stdin", "-out", certificate]):
            done = run("openssl", *command, input=f"subjectAltName={names}\n")
            assert done.returncode == 0, done.stderr
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                path = self.path.split("?")[0]
                hook.asked.append((path, review["request"]))
                answer = hook.answers[path](review["request"])
                if isinstance(answer, dict):
                    answer = json.dumps({"kind": "AdmissionReview", "apiVersion": review["apiVersion"],
                                         "response": {"uid": review["request"]["uid"], **answer}})
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # Who does not wait for the answer is no error here.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server = Server((address, 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def requests(self, path):
        return [request for asked, request in self.asked if asked == path]


def primary_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(("192.0.2.1", 9))
        return one.getsockname()[0]


@pytest.fixture
def hooks(api_ns, tmp_path):
    """hooks(path, answer, operations…) registers a webhook for this namespace's ConfigMaps, or what is said otherwise."""
    hook = Hook(tmp_path, primary_address(), [f"hook.{api_ns.name}.svc"])
    made = []
    api_ns.api.patch(f"/api/v1/namespaces/{api_ns.name}", {"metadata": {"labels": {"hooked": api_ns.name}}})

    def register(path, answer, *operations, mutating=False, resources=("configmaps",), group="", client=None, **more):
        hook.answers[path] = answer
        kind = "mutating" if mutating else "validating"
        name = f"{api_ns.name}-{len(made)}"
        configuration = {"metadata": {"name": name}, "webhooks": [{
            "name": name + ".example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "clientConfig": client or {"url": f"https://{hook.address}:{hook.port}{path}",
                                       "caBundle": base64.b64encode(hook.ca.read_bytes()).decode()},
            "namespaceSelector": {"matchLabels": {"hooked": api_ns.name}},
            "rules": [{"operations": list(operations), "apiGroups": [group], "apiVersions": ["*"],
                       "resources": list(resources)}], **more}]}
        answer = api_ns.api.post(f"{ADMISSION}/{kind}webhookconfigurations", configuration)
        assert answer.status == 201, answer
        made.append(f"{ADMISSION}/{kind}webhookconfigurations/{name}")
        return name + ".example.com"
    register.hook, register.made = hook, made
    yield register
    for path in made:
        api_ns.api.delete(path)
    hook.server.shutdown()


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def patch(*operations):
    return {"allowed": True, "patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(operations).encode()).decode()}


def test_a_webhook_refuses_with_its_own_words(api_ns, hooks):
    name = hooks("/no", lambda request: {"allowed": "bad" not in (request["object"] or request["oldObject"])["data"],
                                         "warnings": ["look out"],
                                         "status": {"message": "it is bad", "code": 418, "reason": "Teapot"}},
                 "CREATE", "UPDATE", "DELETE")
    path = api_ns.path("configmaps")
    refused = api_ns.api.post(path, config_map("a", bad="1"))
    assert refused.status == 418 and refused.json["reason"] == "Teapot"
    assert refused.json["message"] == f'admission webhook "{name}" denied the request: it is bad'
    made = api_ns.api.post(path, config_map("a", good="1"))
    assert made.status == 201 and made.headers["warning"] == '299 - "look out"'
    assert "denied the request" in api_ns.kubectl_refused("patch", "configmap", "a", "-p", '{"data": {"bad": "1"}}')
    assert api_ns.api.delete(path + "/a").status == 200
    create, update = [r for r in hooks.hook.requests("/no") if r["operation"] in ("CREATE", "UPDATE")][1:3]
    assert create["resource"] == {"group": "", "version": "v1", "resource": "configmaps"}
    assert create["kind"] == {"group": "", "version": "v1", "kind": "ConfigMap"} and create["namespace"] == api_ns.name
    assert create["userInfo"]["username"] == "admin" and create["oldObject"] is None and not create["dryRun"]
    assert update["oldObject"]["data"] == {"good": "1"} and update["options"]["kind"] == "PatchOptions"
    last = hooks.hook.requests("/no")[-1]
    assert last["operation"] == "DELETE" and last["object"] is None and last["oldObject"]["data"] == {"good": "1"}


def test_webhooks_change_objects_one_after_the_other(api_ns, hooks):
    def add(key, needs=None):
        def answer(request):
            data = request["object"].get("data", {})
            if key in data or needs and needs not in data:
                return {"allowed": True}
            return patch({"op": "add", "path": "/data/" + key, "value": "x"},
                         {"op": "replace", "path": "/metadata/name", "value": "renamed"})
        return answer
    # The first wants to hear of what the second did.
    hooks("/first", add("late", needs="second"), "CREATE", mutating=True, reinvocationPolicy="IfNeeded")
    hooks("/second", add("second"), "CREATE", mutating=True)
    api_ns.create(config_map("changed", own="1"))
    made = api_ns.get("configmap", "changed")
    assert made["data"] == {"own": "1", "second": "x", "late": "x"}
    assert len(hooks.hook.requests("/first")) == 2 and len(hooks.hook.requests("/second")) == 1
    # What they make of it is checked as if the client had sent it.
    hooks("/third", lambda request: patch({"op": "add", "path": "/data/not~1a~1key", "value": "x"}), "CREATE", mutating=True)
    refused = api_ns.api.post(api_ns.path("configmaps"), config_map("invalid", own="1"))
    assert refused.status == 422 and "not/a/key" in refused.json["message"], refused


def test_a_change_by_a_webhook_passes_the_other_checks(api_ns, hooks):
    hooks("/privileged", lambda request: patch(
        {"op": "add", "path": "/spec/containers/0/securityContext", "value": {"privileged": True}}),
        "CREATE", mutating=True, resources=["pods"])
    api_ns.api.patch(f"/api/v1/namespaces/{api_ns.name}",
                     {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}})
    refused = api_ns.api.post(api_ns.path("pods"), pod("p"))
    assert refused.status == 403 and "privileged" in refused.json["message"], refused


def test_a_webhook_behind_a_service(api_ns, hooks):
    hook = hooks.hook
    api_ns.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "hook"}, "spec": {"ports": [{"port": 443}]}},
                  {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                   "metadata": {"name": "hook-1", "labels": {"kubernetes.io/service-name": "hook"}},
                   "ports": [{"name": "", "port": hook.port}], "endpoints": [{"addresses": [hook.address]}]})
    client = {"service": {"namespace": api_ns.name, "name": "hook", "path": "/service"},
              "caBundle": base64.b64encode(hook.ca.read_bytes()).decode()}
    hooks("/service", lambda request: {"allowed": False}, "CREATE", client=client)
    refused = api_ns.api.post(api_ns.path("configmaps"), config_map("a"))
    assert refused.status == 403 and refused.json["message"].endswith("denied the request without explanation")
    # Another name than the certificate's is another server.
    api_ns.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "other"}, "spec": {"ports": [{"port": 443}]}},
                  {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                   "metadata": {"name": "other-1", "labels": {"kubernetes.io/service-name": "other"}},
                   "ports": [{"name": "", "port": hook.port}], "endpoints": [{"addresses": [hook.address]}]})
    api_ns.api.delete(hooks.made.pop())
    client = {**client, "service": {"namespace": api_ns.name, "name": "other", "path": "/service"}}
    hooks("/service", lambda request: {"allowed": True}, "CREATE", client=client)
    refused = api_ns.api.post(api_ns.path("configmaps"), config_map("a"))
    assert refused.status == 500 and "failed calling webhook" in refused.json["message"], refused


@pytest.mark.parametrize("answer, problem", [
    (lambda request: time.sleep(2) or {"allowed": True}, "context deadline exceeded"),
    (lambda request: "nonsense", "not JSON"), (lambda request: {"allowed": True, "uid": "another"}, "response.uid"),
    (lambda request: {"allowed": True, "patch": "W10="}, "patchType=JSONPatch"),
])
@pytest.mark.parametrize("policy", ["Fail", "Ignore"])
def test_a_webhook_that_fails(api_ns, hooks, answer, problem, policy):
    hooks("/fails", answer, "CREATE", timeoutSeconds=1, failurePolicy=policy)
    answered = api_ns.api.post(api_ns.path("configmaps"), config_map("a"))
    if policy == "Ignore":
        assert answered.status == 201
    else:
        assert answered.status == 500 and problem in answered.json["message"], answered
        assert "Internal error occurred: failed calling webhook" in answered.json["message"]


def test_webhooks_hear_of_what_they_ask_for_only(api_ns, hooks):
    def deny(request):
        return {"allowed": False, "status": {"message": "no"}}
    hooks("/labels", deny, "CREATE", objectSelector={"matchLabels": {"watched": "yes"}})
    hooks("/secrets", deny, "CREATE", resources=["secrets"])
    hooks("/status", deny, "UPDATE", resources=["pods/status"])
    hooks("/scale", deny, "UPDATE", resources=["deployments/scale"], group="apps")
    api_ns.create(config_map("free"), pod("p"))
    labelled = config_map("watched")
    labelled["metadata"]["labels"] = {"watched": "yes"}
    assert api_ns.api.post(api_ns.path("configmaps"), labelled).status == 403
    other = {"metadata": {"name": api_ns.name + "-other"}}
    api_ns.api.post("/api/v1/namespaces", other)
    try:
        path = f"/api/v1/namespaces/{api_ns.name}-other/secrets"
        assert api_ns.api.post(path, {"metadata": {"name": "s"}}).status == 201
    finally:
        api_ns.api.delete(f"/api/v1/namespaces/{api_ns.name}-other")
    assert api_ns.api.patch(api_ns.path("pods", "p"), {"metadata": {"labels": {"a": "b"}}}).status == 200
    assert api_ns.api.patch(api_ns.path("pods", "p") + "/status", {"status": {"message": "x"}}).status == 403
    # No webhook can forbid the removal of webhooks.
    hooks("/all", deny, "*", resources=["*/*"], group="*", namespaceSelector={})
    assert api_ns.api.post(api_ns.path("configmaps"), config_map("none")).status == 403
    assert api_ns.api.delete(hooks.made.pop()).status == 200
    assert api_ns.api.post(api_ns.path("configmaps"), config_map("none")).status == 201


def test_a_webhook_sees_the_version_it_knows(api_ns, hooks):
    hooks("/v1", lambda request: {"allowed": False}, "CREATE", resources=["horizontalpodautoscalers"], group="autoscaling",
          rules=[{"operations": ["CREATE"], "apiGroups": ["autoscaling"], "apiVersions": ["v1"],
                  "resources": ["horizontalpodautoscalers"]}])
    scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"},
              "spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"},
                       "metrics": [{"type": "Resource", "resource": {
                           "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]}}
    refused = api_ns.api.post(f"/apis/autoscaling/v2/namespaces/{api_ns.name}/horizontalpodautoscalers", scaler)
    assert refused.status == 403
    request, = hooks.hook.requests("/v1")
    assert request["object"]["apiVersion"] == "autoscaling/v1"
    assert request["object"]["spec"]["targetCPUUtilizationPercentage"] == 70
    assert request["requestKind"]["version"] == "v2" and request["kind"]["version"] == "v1"


def test_connections_can_be_refused(ns, tmp_path):
    hook = Hook(tmp_path, primary_address(), [])
    hook.answers["/connect"] = lambda request: {"allowed": request["object"].get("command") == ["echo", "fine"],
                                                "status": {"message": "not this command"}}
    ns.run("shell", script="trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done")
    path = f"{ADMISSION}/validatingwebhookconfigurations"
    made = ns.api.post(path, {"metadata": {"name": ns.name}, "webhooks": [{
        "name": "exec.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "clientConfig": {"url": f"https://{hook.address}:{hook.port}/connect",
                         "caBundle": base64.b64encode(hook.ca.read_bytes()).decode()},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": ns.name}},
        "rules": [{"operations": ["CONNECT"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods/exec"]}]}]})
    assert made.status == 201, made
    try:
        assert ns.kubectl("exec", "shell", "--", "echo", "fine") == "fine\n"
        assert "not this command" in ns.kubectl_refused("exec", "shell", "--", "cat", "/etc/passwd")
        request = hook.requests("/connect")[0]
        assert request["kind"]["kind"] == "PodExecOptions" and request["subResource"] == "exec"
    finally:
        ns.api.delete(f"{path}/{ns.name}")
        hook.server.shutdown()
