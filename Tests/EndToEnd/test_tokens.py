"""Tokens in Secrets: those by which nodes join, and those of ServiceAccounts that somebody asked for."""
import base64
import json
import time

import pytest
from segler import BINARY, eventually, run


@pytest.fixture
def segler(control_plane):
    def call(*arguments):
        done = run(BINARY, "token", *arguments, "--kubeconfig", control_plane.kubeconfig)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
    return call


def whoami(api, token):
    answer = api.post("/apis/authentication.k8s.io/v1/selfsubjectreviews",
                      {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"}, token=token)
    return answer.status, answer.json["status"]["userInfo"] if answer.status == 201 else None


def secret(id, **more):
    data = {"token-id": id, "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true", **more}
    return {"apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token", "stringData": data,
            "metadata": {"name": "bootstrap-token-" + id, "namespace": "kube-system"}}


def test_a_token_is_made_listed_used_and_taken_back(control_plane, segler):
    token = segler("create", "--ttl", "30m", "--description", "for the attic")
    id = token.split(".")[0]
    listed = segler("list")
    assert id in listed and "for the attic" in listed and token.split(".")[1] not in listed
    entry, = [entry for entry in json.loads(segler("list", "-o", "json")) if entry["id"] == id]
    assert entry["groups"] == "system:bootstrappers:segler:nodes" and entry["expires"]
    status, user = whoami(control_plane.api, token)
    assert status == 201 and user["username"] == "system:bootstrap:" + id
    assert set(user["groups"]) == {"system:bootstrappers", "system:bootstrappers:segler:nodes", "system:authenticated"}
    # It asks for certificates, and nothing else.
    asked = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
    assert control_plane.api.get(asked, token=token).status == 200
    assert control_plane.api.get("/api/v1/namespaces/kube-system/secrets", token=token).status == 403
    assert segler("delete", id) == f"token {id} deleted"
    assert whoami(control_plane.api, token)[0] == 401
    refused = run(BINARY, "token", "delete", id, "--kubeconfig", control_plane.kubeconfig)
    assert refused.returncode == 1 and "not found" in refused.stderr
    refused = run(BINARY, "token", "create", "--ttl", "soon", "--kubeconfig", control_plane.kubeconfig)
    assert refused.returncode == 2 and "30m" in refused.stderr


@pytest.mark.parametrize("more", [
    {"expiration": "2020-01-01T00:00:00Z"}, {"expiration": "tomorrow"}, {"usage-bootstrap-authentication": "false"},
    {"auth-extra-groups": "system:masters"}, {"auth-extra-groups": "system:bootstrappers:"}, {"token-id": "zzzzzz"},
])
def test_a_token_that_is_not_meant_so_lets_nobody_in(control_plane, more):
    control_plane.api.post("/api/v1/namespaces/kube-system/secrets", secret("abcdef", **more))
    try:
        assert whoami(control_plane.api, "abcdef.0123456789abcdef")[0] == 401
    finally:
        control_plane.api.delete("/api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef")


@pytest.mark.parametrize("token", ["abcdef.0123456789abcdeg", "abcdef.", ".", "abcdef.0123456789abcdef.x", "../abc.0123456789abcdef"])
def test_a_wrong_token_lets_nobody_in(control_plane, token):
    control_plane.api.post("/api/v1/namespaces/kube-system/secrets", secret("abcdef"))
    try:
        assert whoami(control_plane.api, "abcdef.0123456789abcdef")[0] == 201
        assert whoami(control_plane.api, token)[0] == 401
    finally:
        control_plane.api.delete("/api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef")


def test_an_expired_token_goes(control_plane):
    path = "/api/v1/namespaces/kube-system/secrets"
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    control_plane.api.post(path, secret("ghijkl", expiration=end))
    eventually(lambda: control_plane.api.get(path + "/bootstrap-token-ghijkl").status == 404, 20, "the end of the token")


def test_an_accounts_token_in_a_secret_is_made_when_asked_for(api_ns):
    api_ns.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}},
                  {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
                   "metadata": {"name": "robot", "annotations": {"kubernetes.io/service-account.name": "robot"}}})
    found = api_ns.wait("robot", lambda secret: "token" in secret.get("data", {}), resource="secrets")
    data = {key: base64.b64decode(value).decode() for key, value in found["data"].items()}
    assert data["namespace"] == api_ns.name and "BEGIN CERTIFICATE" in data["ca.crt"]
    status, user = whoami(api_ns.api, data["token"])
    assert status == 201 and user["username"] == f"system:serviceaccount:{api_ns.name}:robot"
    described = api_ns.kubectl("describe", "secret", "robot")
    assert "kubernetes.io/service-account-token" in described
    # The token ends with its account, and the Secret goes, too.
    api_ns.kubectl("delete", "serviceaccount", "robot")
    eventually(lambda: api_ns.api.get(api_ns.path("secrets", "robot")).status == 404, 20, "the end of the Secret")
    assert whoami(api_ns.api, data["token"])[0] == 401
    # A Secret for an account that is not there has no future.
    api_ns.create({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
                   "metadata": {"name": "ghost", "annotations": {"kubernetes.io/service-account.name": "ghost"}}})
    eventually(lambda: api_ns.api.get(api_ns.path("secrets", "ghost")).status == 404, 20, "the end of the Secret")
