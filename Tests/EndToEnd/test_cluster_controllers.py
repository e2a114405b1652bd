"""What other controllers do: taints that evict, roles that aggregate, claims of ephemeral volumes, owners and dependents."""
import json

from segler import config_map, eventually, pod


def test_a_taint_evicts_what_does_not_tolerate_it(ns):
    ns.run("leaves", script="sleep 600")
    ns.run("stays", script="sleep 600", tolerations=[{"key": "closed", "operator": "Exists"}])
    node = ns.get("pod", "leaves")["spec"]["nodeName"]
    ns.kubectl("taint", "node", node, "closed=yes:NoExecute")
    try:
        eventually(lambda: ns.kubectl_result("get", "pod", "leaves").returncode != 0, 60, "the eviction")
    finally:
        ns.kubectl("taint", "node", node, "closed-")
    assert "deletionTimestamp" not in ns.get("pod", "stays")["metadata"]
    assert "Marking for deletion Pod" in ns.event("leaves", "TaintManagerEviction")


def test_a_role_takes_the_rules_of_others(control_plane):
    server, label = control_plane, {"test.example.com/aggregate": "true"}
    server.kubectl("create", "-f", "-", input={
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "test-whole"},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": label}]}, "rules": []})
    server.kubectl("create", "-f", "-", input={
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "test-part", "labels": label},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]})

    def rules():
        return json.loads(server.kubectl("get", "clusterrole", "test-whole", "-o", "json")).get("rules")
    eventually(lambda: rules() == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}], what="the rules")
    server.kubectl("delete", "clusterrole", "test-part")
    eventually(lambda: not rules(), what="their end")
    server.kubectl("delete", "clusterrole", "test-whole")


def test_an_ephemeral_volume_has_a_claim_that_goes_with_its_pod(api_ns):
    ns = api_ns
    template = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}}
    ns.create(pod("p", volumes=[{"name": "scratch", "ephemeral": {"volumeClaimTemplate": template}}]))
    claim = eventually(lambda: ns.kubectl_result("get", "pvc", "p-scratch").returncode == 0 and ns.get("pvc", "p-scratch"),
                       what="the claim")
    assert claim["metadata"]["ownerReferences"][0]["kind"] == "Pod"


def owned(name, owner, **reference):
    return config_map(name, ownerReferences=[{
        "apiVersion": "v1", "kind": "ConfigMap", "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
        **reference}])


def test_a_foreground_deletion_waits_for_its_dependents(api_ns):
    ns = api_ns
    ns.create(config_map("owner"))
    child = owned("child", ns.get("configmap", "owner"), blockOwnerDeletion=True)
    child["metadata"]["finalizers"] = ["example.com/hold"]
    ns.create(child)
    ns.kubectl("delete", "configmap", "owner", "--cascade=foreground", "--wait=false")
    eventually(lambda: "deletionTimestamp" in ns.get("configmap", "child")["metadata"], what="the dependent's deletion")
    assert ns.get("configmap", "owner")["metadata"]["finalizers"] == ["foregroundDeletion"]
    ns.kubectl("patch", "configmap", "child", "-p", '{"metadata":{"finalizers":null}}')
    eventually(lambda: ns.kubectl_result("get", "configmap", "owner").returncode != 0, what="the owner's end")


def test_orphans_stay(api_ns):
    ns = api_ns
    ns.create(config_map("owner"))
    ns.create(owned("child", ns.get("configmap", "owner")))
    ns.kubectl("delete", "configmap", "owner", "--cascade=orphan")
    eventually(lambda: "ownerReferences" not in ns.get("configmap", "child")["metadata"], what="an orphan")
    assert ns.kubectl_result("get", "configmap", "owner").returncode != 0
