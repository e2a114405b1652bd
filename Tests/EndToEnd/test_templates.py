"""Templates as objects: processed by the server, and alive as TemplateInstances."""
import base64
import json

import pytest
from segler import BINARY, eventually, run

GROUP = "/apis/template.openshift.io/v1"


def template(name="shop"):
    labels = {"app": "${NAME}"}
    return {
        "apiVersion": "template.openshift.io/v1", "kind": "Template",
        "metadata": {"name": name, "annotations": {"description": "A shop and its secret"}},
        "message": "${NAME} has its password in the Secret ${NAME}.", "labels": {"template": "shop"},
        "parameters": [
            {"name": "NAME", "required": True, "value": "shop"},
            {"name": "PASSWORD", "generate": "expression", "from": "[a-zA-Z0-9]{12}"},
            {"name": "REPLICAS", "value": "1"}],
        "objects": [
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "${NAME}"}, "stringData": {"password": "${PASSWORD}"}},
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {
                "name": "${NAME}", "annotations": {"template.alpha.openshift.io/wait-for-ready": "true"}},
             "spec": {"replicas": "${{REPLICAS}}", "selector": {"matchLabels": labels}, "template": {
                 "metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [{
                     "name": "web", "image": "busybox:1", "command": ["sh", "-c", "echo $PASSWORD; exec sleep 3600"],
                     "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "${NAME}", "key": "password"}}}]}]}}}}],
    }


def instance(name, secret=None, **spec):
    value = {"apiVersion": "template.openshift.io/v1", "kind": "TemplateInstance", "metadata": {"name": name},
             "spec": {"template": template(), **spec}}
    if secret:
        value["spec"]["secret"] = {"name": secret}
    return value


def condition(value, type):
    return next((c for c in (value or {}).get("status", {}).get("conditions", []) if c["type"] == type), {})


def test_templates_are_kept_and_shown(ns):
    ns.kubectl("apply", "-f", "-", input=template())
    row = ns.kubectl("get", "templates").splitlines()[1]
    assert row.split()[0] == "shop" and "A shop and its secret" in row and "3 (1 generated)" in row
    assert "parameters" in ns.kubectl("explain", "template")
    broken = template("broken")
    broken["parameters"].append({"name": "NAME"})
    assert "NAME is there twice" in ns.cluster.kubectl_refused("-n", ns.name, "apply", "-f", "-", input=broken)


def test_the_command_processes_a_template_that_the_cluster_keeps(ns):
    ns.kubectl("apply", "-f", "-", input=template())

    def process(*arguments):
        return run(BINARY, "template", "process", *arguments, env=ns.cluster.environment)
    done = process("shop", "-n", ns.name, "-p", "NAME=books")
    assert done.returncode == 0, done.stderr
    assert [item["metadata"]["name"] for item in json.loads(done.stdout)["items"]] == ["books", "books"]
    ns.kubectl("apply", "--dry-run=server", "-f", "-", input=done.stdout)
    missing = process("books", "-n", ns.name)
    assert missing.returncode == 1 and 'templates.template.openshift.io "books" not found' in missing.stderr
    unclear = process("shop", "-f", "-")
    assert unclear.returncode == 2 and "name of a Template" in unclear.stderr


def test_the_server_processes_a_template(ns):
    path = f"{GROUP}/namespaces/{ns.name}/processedtemplates"
    answer = ns.api.post(path, template())
    assert answer.status == 201, answer
    secret, deployment = answer.json["objects"]
    assert len(secret["stringData"]["password"]) == 12 and secret["metadata"]["labels"] == {"template": "shop"}
    assert deployment["spec"]["replicas"] == 1
    values = {p["name"]: p.get("value") for p in answer.json["parameters"]}
    assert values["PASSWORD"] == secret["stringData"]["password"]
    assert answer.json["message"] == "shop has its password in the Secret shop."
    missing = template()
    missing["parameters"][0].pop("value")
    refused = ns.api.post(path, missing)
    assert refused.status == 422 and "NAME is required" in refused.text


def test_an_instance_brings_everything_up_and_takes_it_down(ns):
    """One `kubectl apply` for a whole environment, with values from a Secret."""
    ns.kubectl("create", "secret", "generic", "values", "--from-literal=NAME=blue", "--from-literal=REPLICAS=2")
    ns.kubectl("apply", "-f", "-", input=instance("one", "values"))
    ready = ns.api.wait(f"{GROUP}/namespaces/{ns.name}/templateinstances", "one",
                        lambda v: condition(v, "Ready").get("status") == "True")
    assert [o["ref"]["kind"] for o in ready["status"]["objects"]] == ["Secret", "Deployment"]
    assert ready["spec"]["requester"]["username"] == "kubernetes-admin"
    assert ns.get("deployment", "blue")["status"]["availableReplicas"] == 2
    password = base64.b64decode(ns.get("secret", "blue")["data"]["password"]).decode()
    pod = json.loads(ns.kubectl("get", "pods", "-l", "app=blue", "-o", "json"))["items"][0]["metadata"]["name"]
    assert ns.says(pod, password)
    assert ns.kubectl("get", "templateinstance", "one").splitlines()[1].split()[:3] == ["one", "shop", "True"]
    ns.kubectl("delete", "templateinstance", "one", timeout=90)
    eventually(lambda: ns.api.get(ns.path()).json["items"] == [])
    for kind in ("secret", "deployment"):
        assert "NotFound" in ns.kubectl_result("get", kind, "blue").stderr


def test_an_instance_has_the_rights_of_who_asked_for_it(ns):
    """A user who may not make Secrets does not get one by way of a Template."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "half"}, "rules": [
        {"apiGroups": ["template.openshift.io"], "resources": ["templateinstances"], "verbs": ["*"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["*"]}]}
    ns.kubectl("create", "-f", "-", input=role)
    ns.kubectl("create", "rolebinding", "half", "--role=half", "--user=ann")
    forged = instance("two", requester={"username": "admin", "groups": ["system:masters"]})
    ns.kubectl("--as=ann", "create", "-f", "-", input=forged)
    failed = ns.api.wait(f"{GROUP}/namespaces/{ns.name}/templateinstances", "two",
                         lambda v: condition(v, "InstantiateFailure").get("status") == "True")
    assert failed["spec"]["requester"]["username"] == "ann"
    assert 'User "ann" cannot create resource "secrets"' in condition(failed, "InstantiateFailure")["message"]
    ns.kubectl("delete", "templateinstance", "two")


@pytest.mark.parametrize("change, word", [
    (lambda t: t["parameters"][1].update({"from": "[a-z]"}), "PASSWORD"),
    (lambda t: t["objects"][0].update({"kind": "Nothing"}), "no kind Nothing"),
])
def test_what_is_wrong_is_said_with_its_name(ns, change, word):
    value = instance("bad")
    change(value["spec"]["template"])
    ns.kubectl("create", "-f", "-", input=value)
    failed = ns.api.wait(f"{GROUP}/namespaces/{ns.name}/templateinstances", "bad",
                         lambda v: condition(v, "InstantiateFailure").get("status") == "True")
    assert word in condition(failed, "InstantiateFailure")["message"]


def test_who_may_edit_may_use_templates(ns):
    ns.kubectl("create", "rolebinding", "ann", "--clusterrole=edit", "--user=ann")
    eventually(lambda: ns.kubectl_result("--as=ann", "auth", "can-i", "create", "templateinstances.template.openshift.io").stdout.strip() == "yes")
    assert ns.kubectl_result("--as=bob", "auth", "can-i", "create", "templates.template.openshift.io").stdout.strip() == "no"
