"""What a user types: kubectl against the API alone, without a node."""
import json

import pytest
import yaml
from segler import Lines, base64_text, config_map, pod


def test_version(control_plane):
    version = json.loads(control_plane.kubectl("version", "-o", "json"))["serverVersion"]
    assert (version["major"], version["minor"]) == ("1", "36") and version["gitVersion"].startswith("v1.36.")


def test_api_resources(control_plane):
    rows = {line.split()[0]: line.split() for line in control_plane.kubectl("api-resources").splitlines()[1:]}
    assert rows["pods"][1:] == ["po", "v1", "true", "Pod"]
    assert rows["configmaps"][1:] == ["cm", "v1", "true", "ConfigMap"]
    assert rows["namespaces"][1:] == ["ns", "v1", "false", "Namespace"]
    for name in ("secrets", "events", "serviceaccounts", "nodes"):
        assert name in rows


def test_api_versions(control_plane):
    assert "v1" in control_plane.kubectl("api-versions").splitlines()


def test_the_namespaces_of_a_new_cluster_are_there(control_plane):
    rows = dict(line.split()[:2] for line in control_plane.kubectl("get", "namespaces").splitlines()[1:])
    for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
        assert rows[name] == "Active"


OBJECTS = {
    "configmap": (["--from-literal=colour=blue"], "{.data.colour}", "blue", "NAME DATA AGE", "colour"),
    "secret": (["generic", "--from-literal=colour=blue"], "{.data.colour}", base64_text("blue"), "NAME TYPE DATA AGE",
               "4 bytes"),
    "serviceaccount": ([], "{.metadata.name}", "thing", None, "thing"),
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_create_get_describe_delete(api_ns, kind):
    arguments, path, value, header, described = OBJECTS[kind]
    sub_command, options = arguments[:-1] if len(arguments) > 1 else [], arguments[-1:]
    assert "created" in api_ns.kubectl("create", kind, *sub_command, "thing", *options)
    assert api_ns.kubectl("get", kind, "thing", "-o", "name") == f"{kind}/thing\n"
    assert api_ns.kubectl("get", kind, "thing", "-o", f"jsonpath={path}") == value
    table = api_ns.kubectl("get", kind, "thing").splitlines()
    assert len(table) == 2 and table[1].split()[0] == "thing"
    if header:
        assert table[0].split() == header.split()
    assert described in api_ns.kubectl("describe", kind, "thing")
    assert "deleted" in api_ns.kubectl("delete", kind, "thing")
    error = api_ns.kubectl_refused("get", kind, "thing")
    assert error == f'Error from server (NotFound): {kind}s "thing" not found\n'


def test_a_namespace_goes_with_everything_in_it(control_plane):
    control_plane.kubectl("create", "namespace", "doomed")
    control_plane.kubectl("create", "configmap", "inside", "-n", "doomed")
    assert "Active" in control_plane.kubectl("describe", "namespace", "doomed")
    assert "deleted" in control_plane.kubectl("delete", "namespace", "doomed", "--timeout=30s")
    assert "NotFound" in control_plane.kubectl_refused("get", "namespace", "doomed")
    control_plane.kubectl("create", "namespace", "doomed")
    assert "NotFound" in control_plane.kubectl_refused("get", "configmap", "inside", "-n", "doomed")
    control_plane.kubectl("delete", "namespace", "doomed")


def test_nothing_can_be_created_in_a_namespace_that_is_not_there(control_plane):
    error = control_plane.kubectl_refused("create", "configmap", "a", "-n", "nowhere")
    assert 'namespaces "nowhere" not found' in error


def test_every_output_format_shows_the_same_object(api_ns):
    api_ns.create(config_map("colours", {"sky": "blue"}, labels={"kind": "palette"}))
    as_json = api_ns.get("configmap", "colours")
    as_yaml = yaml.safe_load(api_ns.kubectl("get", "configmap", "colours", "-o", "yaml"))
    assert as_json == as_yaml and as_json["data"] == {"sky": "blue"}
    assert as_json["metadata"]["namespace"] == api_ns.name and as_json["metadata"]["uid"]
    assert "colours" in api_ns.kubectl("get", "configmap", "-o", "wide")
    assert api_ns.kubectl("get", "configmap", "colours", "-o", "jsonpath={.metadata.labels.kind}") == "palette"
    assert api_ns.kubectl("get", "configmap", "-l", "kind=palette", "-o", "custom-columns=N:.metadata.name",
                          "--no-headers").split() == ["colours"]
    assert api_ns.kubectl("get", "configmaps", "-L", "kind").splitlines()[0].split() == ["NAME", "DATA", "AGE", "KIND"]
    assert "palette" in api_ns.kubectl("get", "configmaps", "--show-labels")


def test_lists_over_all_namespaces_show_the_namespace(api_ns):
    api_ns.create(config_map("here"))
    table = api_ns.cluster.kubectl("get", "configmaps", "--all-namespaces").splitlines()
    assert table[0].split()[0] == "NAMESPACE"
    assert [api_ns.name, "here"] in [line.split()[:2] for line in table]


def test_an_empty_list_says_so(api_ns):
    assert "No resources found" in api_ns.kubectl_result("get", "pods").stderr


def test_a_pending_pods_columns(api_ns):
    api_ns.create(pod("waits", nodeSelector={"nothing": "matches"}))
    narrow, wide = api_ns.kubectl("get", "pods"), api_ns.kubectl("get", "pods", "-o", "wide")
    assert narrow.splitlines()[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert narrow.splitlines()[1].split()[:4] == ["waits", "0/1", "Pending", "0"]
    assert wide.splitlines()[0].split() == [
        "NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED", "NODE", "READINESS", "GATES"]
    assert "Pending" in api_ns.kubectl("describe", "pod", "waits")
    api_ns.kubectl("delete", "pod", "waits", "--timeout=10s")


def test_get_watch_prints_what_happens_while_it_runs(api_ns):
    with api_ns.kubectl_running("get", "configmaps", "--watch", "-o", "name") as kubectl:
        lines = Lines(kubectl.stdout)
        for name in ("first", "second"):
            api_ns.create(config_map(name))
            lines.until(name)
        assert kubectl.poll() is None


def test_get_watch_of_one_object_shows_its_changes_and_its_end(api_ns):
    api_ns.create(config_map("one", {"n": "1"}))
    with api_ns.kubectl_running("get", "configmap", "one", "--watch", "--output-watch-events", "-o",
                                "jsonpath={.type}:{.object.data.n}{'\\n'}") as kubectl:
        lines = Lines(kubectl.stdout)
        lines.until("ADDED:1")
        api_ns.kubectl("patch", "configmap", "one", "--type=merge", "-p", '{"data":{"n":"2"}}')
        lines.until("MODIFIED:2")
        api_ns.kubectl("delete", "configmap", "one")
        lines.until("DELETED:2")


def test_apply_creates_then_changes_then_leaves_alone(api_ns):
    manifest = config_map("settings", {"a": "1", "b": "2"})
    assert "configmap/settings created" in api_ns.kubectl("apply", "-f", "-", input=manifest)
    assert "configmap/settings unchanged" in api_ns.kubectl("apply", "-f", "-", input=manifest)
    manifest["data"] = {"a": "changed"}
    assert "configmap/settings configured" in api_ns.kubectl("apply", "-f", "-", input=manifest)
    assert api_ns.get("configmap", "settings")["data"] == {"a": "changed"}


def test_label_and_annotate(api_ns):
    api_ns.create(config_map("thing"))
    assert "labeled" in api_ns.kubectl("label", "configmap", "thing", "tier=front", "env=test")
    assert "annotated" in api_ns.kubectl("annotate", "configmap", "thing", "example.com/note=hello")
    metadata = api_ns.get("configmap", "thing")["metadata"]
    assert metadata["labels"] == {"tier": "front", "env": "test"}
    assert metadata["annotations"]["example.com/note"] == "hello"
    assert "--overwrite" in api_ns.kubectl_refused("label", "configmap", "thing", "tier=back")
    api_ns.kubectl("label", "configmap", "thing", "tier=back", "env-", "--overwrite")
    assert api_ns.get("configmap", "thing")["metadata"]["labels"] == {"tier": "back"}
    assert "invalid" in api_ns.kubectl_refused("label", "configmap", "thing", "tier=not a label value", "--overwrite")


@pytest.mark.parametrize("selector, names", [
    ("app=web", "a b"), ("app!=web", "c d"), ("app in (web, db)", "a b c"), ("app notin (web)", "c d"),
    ("app", "a b c"), ("!app", "d"), ("app=web,tier=front", "a"), ("app==db", "c"),
])
def test_label_selectors(api_ns, selector, names):
    labels = {"a": {"app": "web", "tier": "front"}, "b": {"app": "web"}, "c": {"app": "db"}, "d": {}}
    api_ns.create({"apiVersion": "v1", "kind": "List", "items": [
        config_map(name, labels=value) for name, value in labels.items()]})
    found = api_ns.kubectl("get", "configmaps", "-l", selector, "-o", "jsonpath={.items[*].metadata.name}").split()
    assert [name for name in found if name in labels] == names.split()


def test_field_selectors(api_ns):
    api_ns.create(pod("a", nodeSelector={"no": "node"}), pod("b", nodeSelector={"no": "node"}))

    def names(selector):
        return api_ns.kubectl("get", "pods", "--field-selector", selector, "-o", "name").split()

    assert names("metadata.name=a") == ["pod/a"]
    assert names("metadata.name!=a") == ["pod/b"]
    assert names("status.phase=Pending,spec.restartPolicy=Always") == ["pod/a", "pod/b"]
    assert names("status.phase=Running") == []
    assert "field label not supported: spec.colour" in api_ns.kubectl_refused(
        "get", "pods", "--field-selector", "spec.colour=blue")


def test_events_can_be_listed_and_selected(api_ns):
    api_ns.create({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "thing.1", "namespace": api_ns.name},
        "involvedObject": {"kind": "Pod", "name": "thing", "namespace": api_ns.name, "apiVersion": "v1"},
        "reason": "Tested", "message": "was looked at", "type": "Normal", "count": 1,
        "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z"})
    table = api_ns.kubectl("get", "events").splitlines()
    assert table[0].split() == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert "Tested" in table[1] and "pod/thing" in table[1]
    assert "was looked at" in api_ns.kubectl("get", "events", "--field-selector",
                                             "involvedObject.name=thing,reason=Tested")
    assert "No resources" in api_ns.kubectl_result("get", "events", "--field-selector", "reason=Other").stderr


def test_the_misspelt_manifest_is_refused_with_the_fields_path(api_ns):
    manifest = """
apiVersion: v1
kind: Pod
metadata: {name: demoapp, labels: {name: demoapp}}
spec:
  containers:
  - {name: demoapp, image~: demoapp:1, ports: [{containerPort: 3306, protocol: TCP}]}
"""
    for verb in ("create", "apply"):
        error = api_ns.kubectl_refused(verb, "-f", "-", input=manifest)
        assert 'unknown field "spec.containers[0].image~"' in error
    assert api_ns.kubectl("get", "pods", "-o", "name") == ""


def test_a_missing_field_is_refused_with_its_path(api_ns):
    value = pod("incomplete")
    del value["spec"]["containers"][0]["image"]
    assert "spec.containers[0].image: Required value" in api_ns.kubectl_refused("create", "-f", "-", input=value)
    value = pod("Not_A_Name")
    assert "metadata.name: Invalid value" in api_ns.kubectl_refused("create", "-f", "-", input=value)


def test_several_documents_in_one_file(api_ns):
    text = "".join("---\n" + json.dumps(config_map(name)) + "\n" for name in ("a", "b", "c"))
    assert api_ns.kubectl("apply", "-f", "-", input=text).count("created") == 3
    assert api_ns.kubectl("delete", "-f", "-", input=text).count("deleted") == 3


def test_what_exists_cannot_be_created_again(api_ns):
    api_ns.create(config_map("one"))
    assert 'configmaps "one" already exists' in api_ns.kubectl_refused("create", "configmap", "one")


def test_replace_and_patch(api_ns):
    api_ns.create(config_map("thing", {"a": "1"}))
    current = api_ns.kubectl("get", "configmap", "thing", "-o", "yaml")
    assert "replaced" in api_ns.kubectl("replace", "-f", "-", input=current.replace('a: "1"', 'a: "2"'))
    assert "object has been modified" in api_ns.kubectl_refused("replace", "-f", "-", input=current)
    patches = {"merge": {"data": {"b": "3"}}, "json": [{"op": "remove", "path": "/data/a"}],
               "strategic": {"data": {"c": "4"}}}
    for kind, patch in patches.items():
        api_ns.kubectl("patch", "configmap", "thing", f"--type={kind}", "-p", json.dumps(patch))
    assert api_ns.get("configmap", "thing")["data"] == {"b": "3", "c": "4"}


def test_a_dry_run_on_the_server_changes_nothing(api_ns):
    shown = api_ns.kubectl("create", "configmap", "ghost", "--dry-run=server", "-o", "json")
    assert json.loads(shown)["metadata"]["uid"]
    assert "NotFound" in api_ns.kubectl_refused("get", "configmap", "ghost")


def test_delete_by_label_and_all(api_ns):
    api_ns.create(config_map("a", labels={"x": "1"}), config_map("b", labels={"x": "1"}), config_map("c"))
    assert api_ns.kubectl("delete", "configmaps", "-l", "x=1").count("deleted") == 2
    assert "c" in api_ns.kubectl("get", "configmaps")
    api_ns.kubectl("delete", "configmaps", "--all")
    assert "configmap/c" not in api_ns.kubectl("get", "configmaps", "-o", "name").split()


def test_raw_paths(control_plane):
    assert control_plane.kubectl("get", "--raw", "/readyz") == "ok"
    assert json.loads(control_plane.kubectl("get", "--raw", "/api"))["versions"] == ["v1"]
