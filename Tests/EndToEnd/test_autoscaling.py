"""HorizontalPodAutoscaler: by real load, on Deployments and custom resources, as kubectl shows it."""
import json

from segler import eventually

BURN = "trap 'exit 0' TERM; while :; do if [ -e /tmp/busy ]; then i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; else sleep 0.2; fi; done"


def deployment(name, replicas=1, script=BURN):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                     "template": {"metadata": {"labels": {"app": name}},
                                  "spec": {"terminationGracePeriodSeconds": 1, "containers": [
                                      {"name": "c", "image": "busybox:1", "command": ["sh", "-c", script],
                                       "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "300m"}}}]}}}}


def autoscaler(name, target, maximum=3, **spec):
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name},
            "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": maximum, **spec}}


def conditions(space, name):
    found = space.get("hpa", name).get("status", {}).get("conditions", [])
    return {c["type"]: (c["status"], c["reason"]) for c in found}


def test_load_makes_more_pods_and_its_end_fewer(ns):
    ns.create(deployment("web"))
    ns.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    down = {"stabilizationWindowSeconds": 5, "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}
    ns.create(autoscaler("web", target, behavior={"scaleDown": down}, metrics=[
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}]))
    eventually(lambda: conditions(ns, "web").get("ScalingActive") == ("True", "ValidMetricFound"), 90, "a measurement")
    assert ns.get("deployment", "web")["spec"]["replicas"] == 1

    name = json.loads(ns.kubectl("get", "pods", "-o", "json"))["items"][0]["metadata"]["name"]
    ns.kubectl("exec", name, "--", "touch", "/tmp/busy")
    eventually(lambda: ns.get("deployment", "web")["spec"]["replicas"] > 1, 90, "more replicas")
    event = ns.event("web", "SuccessfulRescale")
    assert "reason: cpu resource utilization (percentage of request) above target" in event, event
    assert "/50%" in ns.kubectl("get", "hpa", "web")
    assert "New size" in ns.kubectl("describe", "hpa", "web")

    ns.kubectl("exec", name, "--", "rm", "/tmp/busy")
    eventually(lambda: ns.get("deployment", "web")["spec"]["replicas"] == 1, 120, "one replica again")
    assert "All metrics below target" in ns.event("web", "SuccessfulRescale")


def test_what_cannot_be_measured_is_told(ns):
    ns.create(deployment("idle"))
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "idle"}
    ns.create(autoscaler("idle", target, metrics=[
        {"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "3"}}}]))
    message = ns.event("idle", "FailedGetExternalMetric")
    assert "external.metrics.k8s.io" in message, message
    assert conditions(ns, "idle")["ScalingActive"] == ("False", "FailedGetExternalMetric")
    ns.create(autoscaler("lost", {"apiVersion": "apps/v1", "kind": "Deployment", "name": "nobody"}))
    assert "not found" in ns.event("lost", "FailedGetScale")


def test_custom_resources_are_scaled_by_their_own_paths(api_ns):
    group = f"{api_ns.name}.example.com"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    api_ns.create({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"shards.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "shards", "singular": "shard", "kind": "Shard"},
                 "versions": [{"name": "v1", "served": True, "storage": True,
                               "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema, "status": schema}}},
                               "subresources": {"status": {}, "scale": {
                                   "specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size",
                                   "labelSelectorPath": ".status.selector"}}}]}})
    api_ns.kubectl("wait", "--for=condition=Established", f"crd/shards.{group}", "--timeout=30s")
    api_ns.create({"apiVersion": f"{group}/v1", "kind": "Shard", "metadata": {"name": "s"}, "spec": {"size": 7}})
    api_ns.create(autoscaler("s", {"apiVersion": f"{group}/v1", "kind": "Shard", "name": "s"}))
    eventually(lambda: api_ns.get(f"shards.{group}", "s")["spec"]["size"] == 3, what="the greatest size allowed")
    assert "Current number of replicas above Spec.MaxReplicas" in api_ns.event("s", "SuccessfulRescale")
    managers = json.loads(api_ns.kubectl("get", f"shards.{group}", "s", "-o", "json", "--show-managed-fields"))
    fields = managers["metadata"]["managedFields"]
    assert any(entry.get("subresource") == "scale" for entry in fields), fields
    api_ns.kubectl("delete", "crd", f"shards.{group}", "--wait=false")
