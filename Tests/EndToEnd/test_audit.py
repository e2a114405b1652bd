"""The audit log: one line for each request, and never what is in it."""
import json

from segler import eventually, run


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def find(path, **wanted):
    def matches(line):
        reference = {**line.get("objectRef", {}), "verb": line["verb"], "id": line["auditID"]}
        return all(reference.get(key) == value for key, value in wanted.items())
    return eventually(lambda: next((line for line in lines(path) if matches(line)), None), what=f"a line with {wanted}")


def test_each_request_is_a_line_with_who_what_and_how_it_went(own_server):
    path = own_server.data / "audit.log"
    own_server.start("--audit-log-path", path)
    body = {"metadata": {"name": "hidden"}, "stringData": {"password": "never-in-the-log"}}
    made = own_server.api.post("/api/v1/namespaces/default/secrets", body, headers={"User-Agent": "tester/1"})
    assert made.status == 201
    line = find(path, verb="create", resource="secrets")
    assert line["user"]["username"] == "admin" and "system:masters" in line["user"]["groups"]
    assert line["objectRef"] == {"resource": "secrets", "namespace": "default", "apiVersion": "v1"}
    assert line["responseStatus"] == {"code": 201} and line["sourceIPs"] == ["127.0.0.1"]
    assert line["userAgent"] == "tester/1" and line["requestURI"] == "/api/v1/namespaces/default/secrets"
    assert line["annotations"]["authorization.k8s.io/decision"] == "allow" and line["stage"] == "ResponseComplete"
    assert line["annotations"]["apiserver.latency.k8s.io/total"].endswith("µs")
    assert made.headers["audit-id"] == line["auditID"]
    assert oct(path.stat().st_mode & 0o777) == "0o600"

    # Who acts as somebody else, who may not, and who is nobody.
    own_server.kubectl_refused("--as", "ann", "--as-group", "devs", "get", "secret", "hidden")
    line = find(path, verb="get", resource="secrets", name="hidden")
    assert line["user"]["username"] == "kubernetes-admin" and line["impersonatedUser"]["username"] == "ann"
    assert "devs" in line["impersonatedUser"]["groups"]
    assert line["responseStatus"]["code"] == 403 and line["annotations"]["authorization.k8s.io/decision"] == "forbid"
    assert own_server.api.get("/api/v1/pods", token="rubbish-token", headers={"Audit-ID": "mine"}).status == 401
    line = find(path, id="mine")
    assert line["user"] == {} and line["annotations"]["authorization.k8s.io/decision"] == "unauthenticated"
    own_server.api.get("/healthz")
    assert find(path, verb="get", id=lines(path)[-1]["auditID"])["requestURI"] == "/healthz"

    # What goes on for a while is there when it ends.
    own_server.api.get("/api/v1/configmaps?watch=1&timeoutSeconds=1")
    line = find(path, verb="watch", resource="configmaps")
    assert int(line["annotations"]["apiserver.latency.k8s.io/total"].removesuffix("µs")) > 900_000
    text = path.read_text()
    for word in ("never-in-the-log", "bmV2ZXItaW4tdGhlLWxvZw", "rubbish-token", own_server.token):
        assert word not in text


def test_full_files_make_room_and_the_oldest_go(own_server):
    path = own_server.data / "audit.log"
    own_server.start("--audit-log-path", path, "--audit-log-maxsize", 1, "--audit-log-maxbackup", 2)
    for number in range(600):
        own_server.api.get(f"/api/v1/namespaces/default/configmaps/{number}?{'x' * 4000}")
    # Long addresses are cut off: 600 lines of some 2.5 KB.
    eventually(lambda: (own_server.data / "audit.log.1").exists() or None, what="a second file")
    for number in range(1500):
        own_server.api.get(f"/api/v1/namespaces/default/configmaps/{number}?{'x' * 4000}")
    files = sorted(file.name for file in own_server.data.glob("audit.log*"))
    assert files == ["audit.log", "audit.log.1", "audit.log.2"]
    for file in files:
        assert 0 < (own_server.data / file).stat().st_size <= 1 << 20 and lines(own_server.data / file)


def test_without_the_option_there_is_none(own_server):
    own_server.start()
    answer = own_server.api.get("/api/v1/namespaces")
    assert answer.status == 200 and "audit-id" not in {name.lower() for name in answer.headers}
    assert not list(own_server.data.rglob("*audit*"))


def test_a_file_that_cannot_be_written_is_named(own_server):
    failed = run(*own_server.command("--audit-log-path", own_server.data / "no/such/place"))
    assert failed.returncode == 1 and "no/such/place: No such file or directory" in failed.stderr
