"""What the server adds to objects and refuses beside roles and schemas: certificates, RuntimeClasses, PriorityClasses."""
import base64

import pytest
from segler import pod, run


def request(tmp_path, subject, signer="kubernetes.io/kube-apiserver-client", name="asked"):
    made = run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
               "-keyout", tmp_path / "key")
    return {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": name},
            "spec": {"request": base64.b64encode(made.stdout.encode()).decode(), "signerName": signer,
                     "usages": ["client auth"]}}


REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"


def test_nobody_asks_for_the_group_that_may_do_everything(control_plane, tmp_path):
    refused = control_plane.api.post(REQUESTS, request(tmp_path, "/O=system:masters/CN=me"))
    assert refused.status == 403 and "system:masters group is not allowed" in refused.json["message"]


def test_who_approves_and_signs_must_be_allowed_to_for_the_signer(control_plane, api_ns, tmp_path):
    api, who = control_plane.api, api_ns.name + "-officer"
    signer = "example.com/" + api_ns.name
    asked = request(tmp_path, "/CN=me", signer, api_ns.name)
    assert api.post(REQUESTS, asked).status == 201
    path = f"{REQUESTS}/{api_ns.name}"
    user = {"Impersonate-User": who}

    def role(name, **rule):
        api.post("/apis/rbac.authorization.k8s.io/v1/clusterroles",
                 {"metadata": {"name": name}, "rules": [{"apiGroups": ["certificates.k8s.io"], **rule}]})
        api.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                 {"metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                                                          "name": name}, "subjects": [{"kind": "User", "name": who}]})
    role(who, verbs=["get", "update"], resources=["certificatesigningrequests", "certificatesigningrequests/approval",
                                                  "certificatesigningrequests/status"])

    def approve():
        found = api.get(path).json
        found["status"] = {"conditions": [{"type": "Approved", "status": "True", "reason": "Test", "message": "so"}]}
        return api.request("PUT", path + "/approval", found, headers=user)

    def sign():
        found = api.get(path).json
        found["status"]["certificate"] = base64.b64encode(
            (control_plane.data / "pki/ca.crt").read_bytes()).decode()
        return api.request("PUT", path + "/status", found, headers=user)

    for act, verb, resource in (approve, "approve", signer), (sign, "sign", "example.com/*"):
        refused = act()
        assert refused.status == 403, refused
        assert f'user not permitted to {verb} requests with signerName "{signer}"' in refused.json["message"]
        role(f"{who}-{verb}", verbs=[verb], resources=["signers"], resourceNames=[resource])
        assert act().status == 200


def test_a_pod_takes_over_what_its_runtime_class_says(api_ns):
    name = api_ns.name
    api_ns.api.post("/apis/node.k8s.io/v1/runtimeclasses", {
        "metadata": {"name": name}, "handler": "runc", "overhead": {"podFixed": {"cpu": "10m"}},
        "scheduling": {"nodeSelector": {"kind": "fast"}, "tolerations": [{"key": "fast", "operator": "Exists"}]}})
    try:
        api_ns.create(pod("runs", runtimeClassName=name, nodeSelector={"os": "any"}))
        spec = api_ns.get("pod", "runs")["spec"]
        assert spec["overhead"] == {"cpu": "10m"} and spec["nodeSelector"] == {"kind": "fast", "os": "any"}
        assert {"key": "fast", "operator": "Exists"} in spec["tolerations"]
        for more, message in [({"runtimeClassName": "nothing"}, 'RuntimeClass "nothing" not found'),
                              ({"overhead": {"cpu": "1"}}, "Overhead set without corresponding RuntimeClass"),
                              ({"runtimeClassName": name, "overhead": {"cpu": "1"}}, "doesn't match RuntimeClass"),
                              ({"runtimeClassName": name, "nodeSelector": {"kind": "slow"}}, "conflict: runtimeClass")]:
            refused = api_ns.api.post(api_ns.path("pods"), pod("refused", **more))
            assert refused.status == 403 and message in refused.json["message"], refused
    finally:
        api_ns.api.delete("/apis/node.k8s.io/v1/runtimeclasses/" + name)


def test_there_is_one_default_priority_class(control_plane, api_ns):
    path = "/apis/scheduling.k8s.io/v1/priorityclasses"
    first, second = api_ns.name + "-a", api_ns.name + "-b"
    made = {name: {"metadata": {"name": name}, "value": 7, "globalDefault": name == first} for name in (first, second)}
    try:
        for name in made:
            assert control_plane.api.post(path, made[name]).status == 201
        refused = control_plane.api.patch(f"{path}/{second}", {"globalDefault": True})
        assert refused.status == 403 and f"PriorityClass {first} is already marked as default" in refused.json["message"]
        assert control_plane.api.patch(f"{path}/{first}", {"description": "still the default"}).status == 200
        api_ns.create(pod("usual"))
        assert api_ns.get("pod", "usual")["spec"]["priority"] == 7
    finally:
        for name in made:
            control_plane.api.delete(f"{path}/{name}")
