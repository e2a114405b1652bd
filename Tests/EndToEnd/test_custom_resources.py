"""Kinds that users add: served at once, checked by their schema, taken away with their objects."""
import json
import signal

import pytest
from kubernetes import client, dynamic
from segler import eventually

SPEC = {
    "type": "object", "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
        "code": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
        "nested": {"type": "object", "properties": {"level": {"type": "integer", "default": 3}}},
        "parts": {"type": "array", "items": {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "integer"}},
                                             "required": ["k"]},
                  "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


def version(name, storage=True, **more):
    return {"name": name, "served": True, "storage": storage, **more,
            "schema": {"openAPIV3Schema": {"type": "object", "description": "A widget.", "properties": {
                "spec": SPEC, "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}}


def definition(group, plural="widgets", kind="Widget", versions=None, **names):
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind, **names},
                     "versions": versions or [version("v1")]}}


DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def established(item):
    return any(c["type"] == "Established" and c["status"] == "True" for c in item.get("status", {}).get("conditions") or [])


@pytest.fixture
def api(control_plane):
    return control_plane.api


@pytest.fixture
def group(api_ns):
    return f"{api_ns.name}.example.com"


@pytest.fixture
def widgets(api, api_ns, group):
    """The path of the widgets in a fresh namespace."""
    columns = [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
               {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
               {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]
    body = definition(group, shortNames=["wd"], categories=["all"], versions=[version(
        "v1", subresources={"status": {}, "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.ready"}},
        additionalPrinterColumns=columns, selectableFields=[{"jsonPath": ".spec.color"}])])
    assert api.post(DEFINITIONS, body).status == 201
    api.wait(DEFINITIONS, body["metadata"]["name"], established)
    yield f"/apis/{group}/v1/namespaces/{api_ns.name}/widgets"
    api.delete(f"{DEFINITIONS}/{body['metadata']['name']}")


def widget(path, name="w", spec=None, **more):
    group = path.split("/")[2]
    return {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": name}, "spec": {"size": 3} if spec is None else spec, **more}


def causes(answer):
    assert answer.status == 422, answer
    return {(c["field"], c["reason"]) for c in answer.json["details"]["causes"]}


def test_an_object_is_pruned_and_gets_its_defaults(api, widgets):
    made = api.post(widgets, widget(widgets, spec={"size": 1, "bogus": 1, "nested": {}, "free": {"a": {"b": 1}}}))
    assert made.status == 201, made
    assert made.json["spec"] == {"size": 1, "color": "red", "nested": {"level": 3}, "free": {"a": {"b": 1}}}
    assert "spec.bogus" in made.headers["Warning"]
    assert api.get(f"{widgets}/w").json == made.json


@pytest.mark.parametrize("spec,field,reason", [
    ({"size": 10}, "spec.size", "FieldValueInvalid"),
    ({"size": "x"}, "spec.size", "FieldValueTypeInvalid"),
    ({}, "spec.size", "FieldValueRequired"),
    ({"size": 1, "color": "green"}, "spec.color", "FieldValueNotSupported"),
    ({"size": 1, "code": "toolong"}, "spec.code", "FieldValueTooLong"),
    ({"size": 1, "code": "A1"}, "spec.code", "FieldValueInvalid"),
    ({"size": 1, "parts": [{"k": "a"}, {"k": "a"}]}, "spec.parts[1]", "FieldValueDuplicate"),
    ({"size": 1, "parts": [{"v": 1}]}, "spec.parts[0].k", "FieldValueRequired"),
    ({"size": 1, "parts": "none"}, "spec.parts", "FieldValueTypeInvalid"),
])
def test_what_the_schema_forbids_is_refused_with_its_field(api, widgets, spec, field, reason):
    assert (field, reason) in causes(api.post(widgets, widget(widgets, spec=spec)))
    assert api.get(f"{widgets}/w").status == 404


def test_an_old_mistake_does_not_stand_in_the_way_of_a_change_elsewhere(api, widgets, group):
    api.post(widgets, widget(widgets, spec={"size": 9}))
    name = f"widgets.{group}"
    tighter = api.get(f"{DEFINITIONS}/{name}").json
    tighter["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"]["maximum"] = 5
    assert api.put(f"{DEFINITIONS}/{name}", tighter).status == 200
    eventually(lambda: api.post(widgets + "?dryRun=All", widget(widgets, "other", {"size": 9})).status == 422, what="the new schema")
    assert api.patch(f"{widgets}/w", {"spec": {"color": "blue"}}).status == 200
    assert ("spec.size", "FieldValueInvalid") in causes(api.patch(f"{widgets}/w", {"spec": {"size": 8}}))


def test_a_new_default_shows_in_objects_that_were_there_before(api, widgets, group):
    api.post(widgets, widget(widgets))
    name = f"widgets.{group}"
    changed = api.get(f"{DEFINITIONS}/{name}").json
    changed["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["shape"] = {
        "type": "string", "default": "round"}
    assert api.put(f"{DEFINITIONS}/{name}", changed).status == 200
    eventually(lambda: api.get(f"{widgets}/w").json["spec"].get("shape") == "round", what="the default")
    assert api.get(widgets).json["items"][0]["spec"]["shape"] == "round"


def test_status_and_scale_are_written_apart(api, widgets):
    api.post(widgets, widget(widgets, status={"ready": 7}))
    assert "status" not in api.get(f"{widgets}/w").json
    both = {"spec": {"size": 5}, "status": {"ready": 2}}
    assert api.patch(f"{widgets}/w/status", both).json["spec"]["size"] == 3
    scale = api.get(f"{widgets}/w/scale").json
    assert (scale["spec"], scale["status"]) == ({"replicas": 3}, {"replicas": 2})
    assert api.patch(f"{widgets}/w/scale", {"spec": {"replicas": 4}}).status == 200
    stored = api.get(f"{widgets}/w").json
    assert (stored["spec"]["size"], stored["metadata"]["generation"]) == (4, 2)


def test_a_replacement_says_which_revision_it_replaces(api, widgets):
    made = api.post(widgets, widget(widgets)).json
    del made["metadata"]["resourceVersion"]
    assert ("metadata.resourceVersion", "FieldValueInvalid") in causes(api.put(f"{widgets}/w", made))


def test_a_declared_field_can_be_selected(api, widgets):
    api.post(widgets, widget(widgets, "a", {"size": 1, "color": "blue"}))
    api.post(widgets, widget(widgets, "b"))
    names = [i["metadata"]["name"] for i in api.get(widgets + "?fieldSelector=spec.color%3Dblue").json["items"]]
    assert names == ["a"]
    assert api.get(widgets + "?fieldSelector=spec.size%3D1").status == 400


def test_kubectl_lists_explains_applies_and_scales(api_ns, widgets, group):
    kubectl = api_ns.kubectl
    changed = widget(widgets, spec={"size": 4})
    assert f"widget.{group}/w created" in kubectl("apply", "-f", "-", input=widget(widgets))
    assert "configured" in kubectl("apply", "-f", "-", input=changed)
    assert "serverside-applied" in kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=changed)
    status = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    kubectl("patch", "wd", "w", "--subresource=status", "--type=merge", "-p", json.dumps(status))
    header, row = kubectl("get", "wd").splitlines()
    assert header.split() == ["NAME", "SIZE", "READY", "AGE"] and row.split()[:3] == ["w", "4", "True"]
    assert "w " in kubectl("get", "all")
    assert "<integer>" in kubectl("explain", "widget.spec")
    kubectl("scale", f"widgets.{group}/w", "--replicas=6")
    assert kubectl("get", "widgets", "w", "-o", "jsonpath={.spec.size}") == "6"
    refusal = api_ns.kubectl_refused("apply", "-f", "-", input=widget(widgets, spec={"sizes": 3}))
    assert 'unknown field "spec.sizes"' in refusal
    assert "deleted" in kubectl("delete", "wd", "w")


def test_the_dynamic_client_finds_a_kind_that_was_just_added(control_plane, api_ns, widgets, group):
    configuration = client.Configuration(host=control_plane.url)
    configuration.ssl_ca_cert = str(control_plane.data / "pki/ca.crt")
    configuration.api_key = {"authorization": "Bearer " + control_plane.api.token}
    found = dynamic.DynamicClient(client.ApiClient(configuration)).resources.get(api_version=f"{group}/v1", kind="Widget")
    found.create(namespace=api_ns.name, body=widget(widgets))
    assert [item.metadata.name for item in found.get(namespace=api_ns.name).items] == ["w"]
    seen = [e["type"] for e in found.watch(namespace=api_ns.name, timeout=1)]
    assert seen == ["ADDED"]


def test_versions_are_the_same_object_under_two_names(api, api_ns, group):
    body = definition(group, "gadgets", "Gadget", [version("v1"), version("v1beta1", False, deprecated=True)])
    api.post(DEFINITIONS, body)
    api.wait(DEFINITIONS, body["metadata"]["name"], established)
    old = f"/apis/{group}/v1beta1/namespaces/{api_ns.name}/gadgets"
    made = api.post(old, {"apiVersion": f"{group}/v1beta1", "kind": "Gadget", "metadata": {"name": "g"}, "spec": {"size": 2}})
    assert made.json["apiVersion"] == f"{group}/v1beta1"
    assert "deprecated" in made.headers["Warning"]
    new = api.get(old.replace("v1beta1", "v1") + "/g").json
    assert (new["apiVersion"], new["metadata"]["uid"]) == (f"{group}/v1", made.json["metadata"]["uid"])
    assert {i["apiVersion"] for i in api.get(old).json["items"]} == {f"{group}/v1beta1"}
    groups = api.get(f"/apis/{group}").json
    assert [v["version"] for v in groups["versions"]] == ["v1", "v1beta1"]


def test_who_asks_for_a_taken_name_is_told_and_not_served(api, api_ns, group, widgets):
    api.post(DEFINITIONS, definition(group, "others", "Widget"))

    def refused(item):
        return any(c["type"] == "NamesAccepted" and c["reason"] == "ListKindConflict" for c in item["status"]["conditions"] or [])
    api.wait(DEFINITIONS, f"others.{group}", refused)
    assert api.get(f"/apis/{group}/v1/namespaces/{api_ns.name}/others").status == 404
    # When the name is free, it is given away without being asked for again.
    api.delete(f"{DEFINITIONS}/widgets.{group}")
    api.wait(DEFINITIONS, f"others.{group}", established)


def test_a_deleted_definition_takes_its_objects_with_it(api, widgets, group):
    held = widget(widgets, "held")
    held["metadata"]["finalizers"] = ["example.com/wait"]
    api.post(widgets, held)
    api.post(widgets, widget(widgets, "free"))
    name = f"widgets.{group}"
    assert api.delete(f"{DEFINITIONS}/{name}").status == 200
    eventually(lambda: api.get(f"{widgets}/free").status == 404, what="the object without a finalizer")
    assert api.get(f"{widgets}/held").json["metadata"]["deletionTimestamp"]
    assert api.post(widgets, widget(widgets, "late")).status == 405
    release = [{"op": "remove", "path": "/metadata/finalizers"}]
    assert api.patch(f"{widgets}/held", release, "json-patch").status == 200
    eventually(lambda: api.get(f"{DEFINITIONS}/{name}").status == 404, what="the definition's end")
    eventually(lambda: api.get(widgets).status == 404, what="the end of the path")
    assert group not in {g["name"] for g in api.get("/apis").json["groups"]}


def test_custom_resources_are_there_after_a_restart(own_server):
    own_server.start()
    api = own_server.api
    api.post(DEFINITIONS, definition("r.example.com"))
    api.wait(DEFINITIONS, "widgets.r.example.com", established)
    path = "/apis/r.example.com/v1/namespaces/default/widgets"
    made = api.post(path, widget(path)).json
    own_server.stop(signal.SIGKILL)
    own_server.start()
    assert own_server.api.get(path + "/w").json == made
    assert own_server.api.post(path, widget(path, "bad", {"size": 99})).status == 422


def test_rules_that_are_not_evaluated_are_said_to_be_kept(api, group):
    body = definition(group, "ruled", "Ruled")
    body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["x-kubernetes-validations"] = [
        {"rule": "self.size != 7"}]
    made = api.post(DEFINITIONS, body)
    assert made.status == 201
    assert "x-kubernetes-validations" in made.headers["Warning"]
