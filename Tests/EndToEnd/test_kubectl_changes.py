"""Every way in which people change objects with kubectl, and what Helm does without it."""
import base64
import gzip
import json

import pytest
import yaml

DEPLOYMENT = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": {
        "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [
            {"name": "web", "image": "web:1", "ports": [{"containerPort": 80}], "env": [{"name": "A", "value": "1"}]},
            {"name": "side", "image": "side:1"}]}}}}


@pytest.fixture
def web(api_ns):
    """kubectl in a namespace that has the Deployment `web`, which no node runs."""
    api_ns.kubectl("apply", "-f", "-", input=DEPLOYMENT)
    return api_ns


def containers(ns):
    return {c["name"]: c for c in ns.get("deployment", "web")["spec"]["template"]["spec"]["containers"]}


def changed(**image):
    value = json.loads(json.dumps(DEPLOYMENT))
    for container in value["spec"]["template"]["spec"]["containers"]:
        container["image"] = image.get(container["name"], container["image"])
    return value


def test_apply_changes_what_is_given_and_leaves_what_others_set(web):
    web.kubectl("scale", "deployment/web", "--replicas=3")
    web.kubectl("set", "env", "deployment/web", "-c", "web", "B=2")
    value = changed(web="web:2")
    del value["spec"]["replicas"]
    del value["spec"]["template"]["spec"]["containers"][1]
    assert "configured" in web.kubectl("apply", "-f", "-", input=value)
    assert set(containers(web)) == {"web"}
    assert {e["name"] for e in containers(web)["web"]["env"]} == {"A", "B"}
    assert containers(web)["web"]["image"] == "web:2"
    # What was applied once and is no longer given goes back to its default.
    assert web.get("deployment", "web")["spec"]["replicas"] == 1


def test_diff_shows_the_change_and_changes_nothing(web):
    result = web.kubectl_result("diff", "-f", "-", input=changed(web="web:2"))
    assert result.returncode == 1, result.stderr
    assert "-        image: web:1" in result.stdout.replace("-      - image", "-        image")
    assert containers(web)["web"]["image"] == "web:1"
    assert web.kubectl_result("diff", "-f", "-", input=DEPLOYMENT).returncode == 0


def test_server_side_apply_finds_a_conflict_and_takes_over_when_forced(web):
    applied = changed(web="web:9")
    refusal = web.kubectl_refused("apply", "--server-side", "--field-manager=other", "-f", "-", input=applied)
    assert "conflict" in refusal and '.spec.template.spec.containers[name="web"].image' in refusal
    web.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=other", "-f", "-", input=applied)
    assert containers(web)["web"]["image"] == "web:9"


def test_edit_saves_what_the_editor_leaves(web, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i s/web:1/web:edited/ \"$1\"\n")
    editor.chmod(0o755)
    environment = {**web.cluster.environment, "KUBE_EDITOR": str(editor)}
    from segler import run
    result = run(*web.cluster.kubectl_arguments("-n", web.name, "edit", "deployment/web"), env=environment)
    assert result.returncode == 0, result.stderr
    assert containers(web)["web"]["image"] == "web:edited"


def test_replace_needs_the_object_and_keeps_its_identity(web):
    uid = web.get("deployment", "web")["metadata"]["uid"]
    web.kubectl("replace", "-f", "-", input=changed(side="side:2"))
    assert containers(web)["side"]["image"] == "side:2"
    assert web.get("deployment", "web")["metadata"]["uid"] == uid
    other = changed()
    other["metadata"]["name"] = "absent"
    assert "not found" in web.kubectl_refused("replace", "-f", "-", input=other)


@pytest.mark.parametrize("kind,patch", [
    ("strategic", {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:p"}]}}}}),
    ("json", [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "web:p"}]),
    ("merge", {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:p"}]}}}}),
])
def test_patch(web, kind, patch):
    web.kubectl("patch", "deployment/web", f"--type={kind}", "-p", json.dumps(patch))
    assert containers(web)["web"]["image"] == "web:p"
    assert ("side" in containers(web)) == (kind != "merge")


def test_set_and_scale_and_labels(web):
    web.kubectl("set", "image", "deployment/web", "web=web:2", "side=side:2")
    web.kubectl("set", "resources", "deployment/web", "-c=web", "--requests=cpu=100m")
    web.kubectl("scale", "--current-replicas=1", "--replicas=2", "deployment/web")
    web.kubectl("label", "deployment/web", "tier=front")
    web.kubectl("annotate", "deployment/web", "note=hello")
    assert "replicas" in web.kubectl_refused("scale", "--current-replicas=7", "--replicas=1", "deployment/web")
    value = web.get("deployment", "web")
    assert (value["spec"]["replicas"], value["metadata"]["labels"]["tier"]) == (2, "front")
    assert value["metadata"]["annotations"]["note"] == "hello"
    assert containers(web)["web"]["resources"]["requests"] == {"cpu": "100m"}
    assert {c["image"] for c in containers(web).values()} == {"web:2", "side:2"}


def test_autoscale_expose_and_rollout_restart(web):
    web.kubectl("autoscale", "deployment/web", "--min=1", "--max=3", "--cpu-percent=50")
    assert web.get("hpa", "web")["spec"]["maxReplicas"] == 3
    web.kubectl("expose", "deployment/web", "--port=80")
    assert web.get("service", "web")["spec"]["ports"][0]["port"] == 80
    web.kubectl("rollout", "pause", "deployment/web")
    assert web.get("deployment", "web")["spec"]["paused"] is True
    web.kubectl("rollout", "resume", "deployment/web")
    web.kubectl("rollout", "restart", "deployment/web")
    annotations = web.get("deployment", "web")["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in annotations


def test_a_manifest_of_several_kinds_is_applied_and_pruned(api_ns):
    documents = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": n, "labels": {"set": "x"}}} for n in "ab"]
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "labels": {"set": "x"}}, "stringData": {"k": "v"}}
    api_ns.kubectl("apply", "-f", "-", input=yaml.safe_dump_all([*documents, secret]))
    out = api_ns.kubectl("apply", "--prune", "-l", "set=x", "--prune-allowlist=core/v1/ConfigMap", "-f", "-",
                         input=yaml.safe_dump_all([documents[0], secret]))
    assert "configmap/b pruned" in out
    assert base64.b64decode(api_ns.get("secret", "s")["data"]["k"]) == b"v"
    assert "deleted" in api_ns.kubectl("delete", "-f", "-", input=yaml.safe_dump_all([documents[0], secret]))


def test_wait_returns_with_the_condition(api_ns):
    api_ns.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"state": "new"}})
    import threading
    timer = threading.Timer(0.5, lambda: api_ns.api.patch(api_ns.path("configmaps", "c"), {"data": {"state": "done"}}))
    timer.start()
    api_ns.kubectl("wait", "configmap/c", "--for=jsonpath={.data.state}=done", "--timeout=20s")
    timer.join()
    refusal = api_ns.kubectl_refused("wait", "configmap/c", "--for=delete", "--timeout=1s")
    assert "timed out" in refusal


# Helm: a release is a Secret with its manifest, a change is a patch made from the old manifest, the new one and what is there.

def release(name, version, manifest, status):
    record = base64.b64encode(gzip.compress(json.dumps({"name": name, "version": version, "manifest": manifest}).encode()))
    labels = {"name": name, "owner": "helm", "status": status, "version": str(version)}
    return {"apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
            "metadata": {"name": f"sh.helm.release.v1.{name}.v{version}", "labels": labels},
            "data": {"release": base64.b64encode(record).decode()}}


def test_a_release_is_installed_upgraded_and_rolled_back_as_helm_does_it(api_ns):
    api, secrets = api_ns.api, api_ns.path("secrets")
    deployments = f"/apis/apps/v1/namespaces/{api_ns.name}/deployments"
    assert api.get(secrets + "?labelSelector=name%3Dweb%2Cowner%3Dhelm").json["items"] == []
    assert api.post(secrets, release("web", 1, [changed()], "pending-install")).status == 201
    assert api.post(deployments + "?fieldManager=helm", changed()).status == 201
    assert api.patch(f"{secrets}/sh.helm.release.v1.web.v1", {"metadata": {"labels": {"status": "deployed"}}}).status == 200
    # Somebody scales by hand; the upgrade changes an image and leaves that alone.
    api.patch(f"{deployments}/web", {"spec": {"replicas": 4}})
    assert api.post(secrets, release("web", 2, [changed(web="web:2")], "pending-upgrade")).status == 201
    patch = {"spec": {"template": {"spec": {
        "$setElementOrder/containers": [{"name": "web"}, {"name": "side"}],
        "containers": [{"name": "web", "image": "web:2"}]}}}}
    upgraded = api.patch(f"{deployments}/web", patch, "strategic-merge-patch").json
    assert [c["image"] for c in upgraded["spec"]["template"]["spec"]["containers"]] == ["web:2", "side:1"]
    assert upgraded["spec"]["replicas"] == 4
    api.patch(f"{secrets}/sh.helm.release.v1.web.v1", {"metadata": {"labels": {"status": "superseded"}}})
    api.patch(f"{secrets}/sh.helm.release.v1.web.v2", {"metadata": {"labels": {"status": "deployed"}}})
    deployed = api.get(secrets + "?labelSelector=owner%3Dhelm%2Cstatus%3Ddeployed").json["items"]
    assert [s["metadata"]["labels"]["version"] for s in deployed] == ["2"]
    kept = api.get(f"{secrets}/sh.helm.release.v1.web.v1").json
    record = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(kept["data"]["release"]))))
    assert record["manifest"] == [changed()]
    back = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}}}
    assert api.patch(f"{deployments}/web", back, "strategic-merge-patch").json["spec"]["template"]["spec"]["containers"][0][
        "image"] == "web:1"
    assert api.delete(f"{deployments}/web", {"propagationPolicy": "Background"}).status == 200
