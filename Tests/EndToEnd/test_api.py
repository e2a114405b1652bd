"""The API's own rules, said over raw TLS: concurrency, patches, pages, finalizers, refusals."""
import concurrent.futures
import json
import re

import pytest
from segler import config_map, pod, run


@pytest.fixture
def maps(api_ns):
    """The path of the ConfigMaps of a fresh namespace."""
    return api_ns.path("configmaps")


@pytest.fixture
def api(control_plane):
    return control_plane.api


def refused(answer, code, reason):
    assert (answer.status, answer.json["kind"], answer.json["reason"]) == (code, "Status", reason), answer
    assert answer.json["code"] == code and answer.json["status"] == "Failure"
    return answer.json


def test_an_update_of_an_old_version_conflicts(api, maps):
    first = api.post(maps, config_map("one", {"n": "1"})).json
    second = api.put(f"{maps}/one", {**first, "data": {"n": "2"}})
    assert second.status == 200
    assert second.json["metadata"]["resourceVersion"] != first["metadata"]["resourceVersion"]
    refused(api.put(f"{maps}/one", {**first, "data": {"n": "3"}}), 409, "Conflict")
    assert api.get(f"{maps}/one").json["data"] == {"n": "2"}


def test_an_update_that_changes_nothing_keeps_the_version(api, maps):
    first = api.post(maps, config_map("one", {"n": "1"})).json
    assert api.put(f"{maps}/one", first).json["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_a_second_create_already_exists(api, maps):
    assert api.post(maps, config_map("one")).status == 201
    details = refused(api.post(maps, config_map("one")), 409, "AlreadyExists")["details"]
    assert (details["name"], details["kind"]) == ("one", "configmaps")


def test_a_generated_name_is_the_prefix_and_five_characters(api, maps):
    value = config_map(None, generateName="job-")
    del value["metadata"]["name"]
    names = {api.post(maps, value).json["metadata"]["name"] for _ in range(5)}
    assert len(names) == 5 and all(re.fullmatch(r"job-[a-z0-9]{5}", name) for name in names)


@pytest.mark.parametrize("verb", ["create", "update", "delete"])
def test_a_dry_run_answers_as_if_and_changes_nothing(api, maps, verb):
    before = api.post(maps, config_map("there", {"n": "1"})).json
    answer = {
        "create": lambda: api.post(f"{maps}?dryRun=All", config_map("new")),
        "update": lambda: api.put(f"{maps}/there?dryRun=All", {**before, "data": {"n": "2"}}),
        "delete": lambda: api.delete(f"{maps}/there?dryRun=All"),
    }[verb]()
    assert answer.status in (200, 201)
    assert api.get(f"{maps}/there").json == before
    assert api.get(f"{maps}/new").status == 404


def test_finalizers_hold_an_object_until_they_are_removed(api, maps):
    api.post(maps, config_map("held", finalizers=["example.com/hold"]))
    assert api.delete(f"{maps}/held").json["metadata"]["deletionTimestamp"]
    held = api.get(f"{maps}/held").json["metadata"]
    assert held["finalizers"] == ["example.com/hold"] and held["deletionTimestamp"]
    assert api.patch(f"{maps}/held", {"metadata": {"finalizers": None}}).status == 200
    refused(api.get(f"{maps}/held"), 404, "NotFound")


def test_delete_with_a_wrong_uid_conflicts(api, maps):
    api.post(maps, config_map("one"))
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "not-this-one"}}
    refused(api.delete(f"{maps}/one", options), 409, "Conflict")
    assert api.get(f"{maps}/one").status == 200


def test_pages_show_one_moment(api, maps):
    for n in range(25):
        api.post(maps, config_map(f"c{n:02}", labels={"page": "yes"}))
    total = len(api.get(maps).json["items"])
    page = api.get(f"{maps}?limit=10").json
    names = [item["metadata"]["name"] for item in page["items"]]
    assert len(names) == 10 and page["metadata"]["remainingItemCount"] == total - 10
    api.post(maps, config_map("c11-late"))
    api.delete(f"{maps}/c20")
    while token := page["metadata"].get("continue"):
        page = api.get(f"{maps}?limit=10&continue={token}").json
        names += [item["metadata"]["name"] for item in page["items"]]
    assert [n for n in names if n.startswith("c")] == [f"c{n:02}" for n in range(25)]


def test_a_made_up_page_token_is_refused(api, maps):
    refused(api.get(f"{maps}?limit=1&continue=garbage"), 400, "BadRequest")


def test_a_collection_is_deleted_by_selector(api, maps):
    for name, colour in (("a", "red"), ("b", "blue"), ("c", "red")):
        api.post(maps, config_map(name, labels={"colour": colour}))
    assert api.delete(f"{maps}?labelSelector=colour%3Dred").status == 200
    left = {item["metadata"]["name"] for item in api.get(f"{maps}?labelSelector=colour").json["items"]}
    assert left == {"b"}


def test_json_patch_is_all_or_nothing(api, maps):
    api.post(maps, config_map("one", {"a": "1"}))
    patch = [{"op": "add", "path": "/data/b", "value": "2"}, {"op": "test", "path": "/data/a", "value": "9"}]
    refused(api.patch(f"{maps}/one", patch, "json-patch"), 422, "Invalid")
    assert api.get(f"{maps}/one").json["data"] == {"a": "1"}
    patch[1]["value"] = "1"
    assert api.patch(f"{maps}/one", patch, "json-patch").json["data"] == {"a": "1", "b": "2"}


def test_merge_patch_removes_with_null(api, maps):
    api.post(maps, config_map("one", {"a": "1", "b": "2"}))
    assert api.patch(f"{maps}/one", {"data": {"a": None, "c": "3"}}).json["data"] == {"b": "2", "c": "3"}


def test_a_patch_with_an_old_version_conflicts(api, maps):
    old = api.post(maps, config_map("one")).json["metadata"]["resourceVersion"]
    api.patch(f"{maps}/one", {"data": {"a": "1"}})
    refused(api.patch(f"{maps}/one", {"metadata": {"resourceVersion": old}, "data": {"a": "2"}}), 409, "Conflict")


def test_concurrent_patches_all_arrive(api, maps):
    api.post(maps, config_map("counter"))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: api.patch(f"{maps}/counter", {"data": {f"k{n}": "x"}}).status, range(40)))
    assert set(answers) == {200}
    assert len(api.get(f"{maps}/counter").json["data"]) == 40


def test_unknown_fields_by_the_callers_wish(api, maps):
    value = {**config_map("one"), "colour": "blue"}
    error = refused(api.post(f"{maps}?fieldValidation=Strict", value), 400, "BadRequest")
    assert 'unknown field "colour"' in error["message"]
    warned = api.post(f"{maps}?fieldValidation=Warn", value)
    assert warned.status == 201 and 'unknown field \\"colour\\"' in warned.headers["Warning"]
    assert "colour" not in warned.json
    value["metadata"]["name"] = "two"
    ignored = api.post(f"{maps}?fieldValidation=Ignore", value)
    assert ignored.status == 201 and "Warning" not in ignored.headers and "colour" not in ignored.json


def test_duplicate_fields_are_refused(api, maps):
    body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"1"},"data":{"a":"2"}}'
    assert 'duplicate field "data"' in refused(api.post(f"{maps}?fieldValidation=Strict", body), 400,
                                               "BadRequest")["message"]


def test_every_invalid_field_is_listed(api, api_ns):
    value = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": {
        "restartPolicy": "Sometimes", "containers": [{"name": "A", "image": "x"}, {"name": "b"}]}}
    causes = {c["field"]: c["reason"] for c in refused(api.post(api_ns.path(), value), 422,
                                                       "Invalid")["details"]["causes"]}
    assert causes == {"spec.restartPolicy": "FieldValueNotSupported",
                      "spec.containers[0].name": "FieldValueInvalid",
                      "spec.containers[1].image": "FieldValueRequired"}


@pytest.mark.parametrize("body", ["", "{", "[]", '{"apiVersion":"v1",', '"text"', b"\xff\xfe", "[" * 100_000])
def test_a_broken_body_is_a_bad_request(api, maps, body):
    refused(api.post(maps, body), 400, "BadRequest")
    assert api.get("/readyz").text == "ok"


def test_a_body_beyond_the_limit_is_too_large(api, maps):
    answer = api.post(maps, config_map("big", {"a": "x" * (4 << 20)}))
    refused(answer, 413, "RequestEntityTooLarge")


def test_a_yaml_body_is_understood(api, maps):
    answer = api.post(maps, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {a: 'yes'}\n",
                      content_type="application/yaml")
    assert answer.status == 201 and answer.json["data"] == {"a": "yes"}


def test_refusals_of_what_cannot_be(api, maps):
    refused(api.get("/api/v1/namespaces/default/nonsense"), 404, "NotFound")
    refused(api.put(maps, config_map("x")), 405, "MethodNotAllowed")
    refused(api.post(maps, config_map("x"), content_type="text/plain"), 415, "UnsupportedMediaType")
    refused(api.get(maps, accept="application/xml"), 406, "NotAcceptable")
    refused(api.put(f"{maps}/other", config_map("name")), 400, "BadRequest")
    refused(api.get(f"{maps}/none"), 404, "NotFound")


def test_tables_carry_columns_and_cells(api, maps):
    api.post(maps, config_map("one", {"a": "1", "b": "2"}))
    table = api.get(maps, accept="application/json;as=Table;v=v1;g=meta.k8s.io").json
    assert table["kind"] == "Table"
    assert [c["name"] for c in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    row = next(r for r in table["rows"] if r["cells"][0] == "one")
    assert row["cells"][1] in (2, "2") and row["object"]["kind"] == "PartialObjectMetadata"


def test_metadata_alone_can_be_asked_for(api, maps):
    api.post(maps, config_map("one", {"a": "1"}))
    answer = api.get(f"{maps}/one", accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io").json
    assert answer["kind"] == "PartialObjectMetadata" and "data" not in answer


def test_discovery_is_there_in_one_answer(api):
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    groups = api.get("/api", accept=accept).json
    assert groups["kind"] == "APIGroupDiscoveryList"
    resources = {r["resource"]: r for r in groups["items"][0]["versions"][0]["resources"]}
    assert {"create", "delete", "get", "list", "patch", "update", "watch", "deletecollection"} <= set(
        resources["pods"]["verbs"])
    assert resources["pods"]["scope"] == "Namespaced" and resources["pods"]["shortNames"] == ["po"]


def test_immutable_fields_of_a_pod_stay(api, api_ns):
    api.post(api_ns.path(), pod("one", nodeSelector={"no": "node"}))
    answer = api.patch(f"{api_ns.path()}/one", {"spec": {"restartPolicy": "Never"}})
    refused(answer, 422, "Invalid")


def test_curl_speaks_http2_and_http1(control_plane):
    for option, version in (("--http2", "2"), ("--http1.1", "1.1")):
        result = run("curl", "-s", option, "--cacert", control_plane.data / "pki/ca.crt", "-H",
                     f"Authorization: Bearer {control_plane.token}", "-w", "\n%{http_version}",
                     f"{control_plane.url}/api/v1/namespaces/default")
        body, _, seen = result.stdout.rpartition("\n")
        assert seen == version and json.loads(body)["metadata"]["name"] == "default"


def test_large_answers_are_compressed_for_who_takes_gzip(api, maps):
    import gzip
    for n in range(4):
        api.post(maps, config_map(f"m{n}", {"text": "x" * 60_000}))
    plain = api.get(maps)
    connection = api.connect()
    connection.request("GET", maps, headers=api.headers(**{"Accept-Encoding": "gzip, deflate"}))
    answer = connection.getresponse()
    body = answer.read()
    assert answer.headers["Content-Encoding"] == "gzip" and len(body) < len(plain.text) / 10
    assert gzip.decompress(body).decode() == plain.text
    assert api.get(f"{maps}/m0").headers["Content-Encoding"] is None


def test_a_flood_of_lists_does_not_stop_a_heartbeat(api, maps, control_plane):
    """Sixty clients list all the time; a lease is renewed as if nothing were the matter."""
    import threading
    import time
    for n in range(150):
        api.post(maps, config_map(f"m{n}", {"text": "x" * 4000}))
    lease = {"metadata": {"name": "beat"}, "spec": {"holderIdentity": "n"}}
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    api.post(leases, lease)
    over, listed = threading.Event(), []

    def flood():
        connection = api.connect()
        while not over.is_set():
            connection.request("GET", maps, headers=api.headers())
            answer = connection.getresponse()
            listed.append(answer.status)
            answer.read()
    clients = [threading.Thread(target=flood) for _ in range(60)]
    for one in clients:
        one.start()
    try:
        times = []
        for n in range(20):
            began = time.monotonic()
            assert api.patch(f"{leases}/beat", {"spec": {"leaseTransitions": n + 1}}).status == 200
            times.append(time.monotonic() - began)
    finally:
        over.set()
        for one in clients:
            one.join()
    assert set(listed) <= {200, 429} and 200 in listed
    # Nodes renew every ten seconds and are given up after forty.
    assert max(times) < 10
