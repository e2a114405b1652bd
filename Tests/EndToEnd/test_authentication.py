"""Who gets in."""
import base64
import json
import ssl

import pytest
import yaml
from segler import pod


def test_nobody_may_read_objects(control_plane):
    answer = control_plane.api.get("/api/v1/namespaces", token="")
    assert (answer.status, answer.json["reason"]) == (403, "Forbidden")
    assert answer.json["message"] == (
        'namespaces is forbidden: User "system:anonymous" cannot list resource "namespaces" in API group "" '
        "at the cluster scope")


def test_nobody_may_write_objects(control_plane):
    answer = control_plane.api.post("/api/v1/namespaces", {"metadata": {"name": "mine"}}, token="")
    assert answer.status == 403
    assert control_plane.api.get("/api/v1/namespaces/mine").status == 404


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/version"])
def test_health_and_version_are_public(control_plane, path):
    assert control_plane.api.get(path, token="").status == 200


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "x" * 10000])
def test_a_wrong_token_is_unauthorized(control_plane, token):
    answer = control_plane.api.get("/api/v1/namespaces", token=token)
    assert (answer.status, answer.json["reason"]) == (401, "Unauthorized")


def test_the_start_of_the_right_token_is_not_enough(control_plane):
    assert control_plane.api.get("/api/v1/namespaces", token=control_plane.token[:-1]).status == 401


def test_the_kubeconfig_verifies_the_server(control_plane):
    config = yaml.safe_load(control_plane.kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    assert cluster["server"].endswith(f":{control_plane.port}") and "insecure-skip-tls-verify" not in cluster
    authority = base64.b64decode(cluster["certificate-authority-data"])
    assert authority == (control_plane.data / "pki/ca.crt").read_bytes()


def test_a_certificate_of_another_authority_is_not_trusted(control_plane, own_server):
    own_server.start()
    stranger = control_plane.api
    stranger.context = ssl.create_default_context(cafile=own_server.data / "pki/ca.crt")
    with pytest.raises(ssl.SSLCertVerificationError):
        stranger.get("/version")


def test_kubectl_without_credentials_is_refused(control_plane):
    error = control_plane.kubectl_refused("--kubeconfig=/dev/null", f"--server={control_plane.url}",
                                          f"--certificate-authority={control_plane.data}/pki/ca.crt",
                                          "--token=garbage", "get", "pods")
    assert "Unauthorized" in error or "must be logged in" in error


def claims(token):
    middle = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))


@pytest.mark.parametrize("kind", ["Secret", "Pod"])
def test_a_bound_token_ends_with_what_it_is_bound_to(api_ns, kind):
    resource = kind.lower() + "s"
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "holder"}}
    api_ns.create(secret if kind == "Secret" else pod("holder", nodeName="nowhere"))
    token = api_ns.kubectl("create", "token", "default", f"--bound-object-kind={kind}", "--bound-object-name=holder").strip()
    api = api_ns.api
    path, review = "/apis/authentication.k8s.io/v1/selfsubjectreviews", {"kind": "SelfSubjectReview",
                                                                         "apiVersion": "authentication.k8s.io/v1"}
    info = api.post(path, review, token=token).json["status"]["userInfo"]
    assert info["username"] == f"system:serviceaccount:{api_ns.name}:default"
    assert info["extra"]["authentication.kubernetes.io/credential-id"] == [f"JTI={claims(token)['jti']}"]
    if kind == "Pod":
        assert info["extra"]["authentication.kubernetes.io/pod-name"] == ["holder"]
        assert info["extra"]["authentication.kubernetes.io/node-name"] == ["nowhere"]
    api.delete(api_ns.path(resource, "holder"), {"gracePeriodSeconds": 0})
    assert api.post(path, review, token=token).status == 401


def test_a_token_is_for_its_audiences_only(api_ns):
    token = api_ns.kubectl("create", "token", "default", "--audience=vault").strip()
    assert api_ns.api.get("/version", token=token).status == 401
    path = "/apis/authentication.k8s.io/v1/tokenreviews"
    status = api_ns.api.post(path, {"spec": {"token": token, "audiences": ["other", "vault"]}}).json["status"]
    assert status["authenticated"] and status["audiences"] == ["vault"]
    for audiences in ([], ["other"]):
        status = api_ns.api.post(path, {"spec": {"token": token, "audiences": audiences}}).json["status"]
        assert not status.get("authenticated")


def test_who_impersonates_may_say_everything_about_the_user(api_ns):
    headers = {"Impersonate-User": "ann", "Impersonate-Uid": "7", "Impersonate-Extra-Team": "sail"}
    body = {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    info = api_ns.api.request("POST", path, body, headers=headers).json["status"]["userInfo"]
    assert (info["username"], info["uid"], info["extra"]) == ("ann", "7", {"team": ["sail"]})
    del headers["Impersonate-User"]
    assert api_ns.api.request("POST", path, body, headers=headers).status >= 400
