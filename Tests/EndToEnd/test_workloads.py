"""Deployments, ReplicaSets, StatefulSets and DaemonSets with kubectl and real containers."""
import json

from segler import eventually

SERVE = "trap 'exit 0' TERM; touch /tmp/ready; while :; do sleep 0.2; done"
PROBE = {"readinessProbe": {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 1}}


def workload(kind, name="web", script=SERVE, **spec):
    labels = {"app": name}
    container = {"name": "main", "image": "busybox:1", "command": ["sh", "-c", script], **PROBE}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": labels}, **spec,
                     "template": {"metadata": {"labels": labels}, "spec": {
                         "terminationGracePeriodSeconds": 2, "containers": [container]}}}}


def items(ns, kind, selector="app=web"):
    return json.loads(ns.kubectl("get", kind, "-l", selector, "-o", "json"))["items"]


def names(ns, kind="pods", selector="app=web"):
    return sorted(item["metadata"]["name"] for item in items(ns, kind, selector))


def test_a_deployment_is_rolled_out_updated_and_rolled_back(ns):
    ns.create(workload("Deployment", replicas=2))
    assert "successfully rolled out" in ns.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert ns.kubectl("get", "deployment", "web", "--no-headers").split()[1:4] == ["2/2", "2", "2"]
    assert "Scaled up replica set" in ns.event("web", "ScalingReplicaSet")

    ns.kubectl("set", "env", "deployment/web", "VERSION=2")
    ns.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert all(pod["spec"]["containers"][0]["env"] == [{"name": "VERSION", "value": "2"}]
               for pod in items(ns, "pods") if "deletionTimestamp" not in pod["metadata"])
    history = ns.kubectl("rollout", "history", "deployment/web").split()
    assert "1" in history and "2" in history

    # A version whose probe never succeeds stops, and what served goes on serving.
    broken = {"spec": {"progressDeadlineSeconds": 5, "template": {"spec": {"containers": [
        {"name": "main", "command": ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.2; done"]}]}}}}
    ns.kubectl("patch", "deployment", "web", "-p", json.dumps(broken))
    stuck = ns.kubectl_result("rollout", "status", "deployment/web", "--timeout=30s")
    assert stuck.returncode != 0 and "exceeded its progress deadline" in stuck.stderr
    assert ns.get("deployment", "web")["status"]["availableReplicas"] >= 2

    ns.kubectl("rollout", "undo", "deployment/web")
    assert "successfully rolled out" in ns.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert ns.get("deployment", "web")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "4"
    described = ns.kubectl("describe", "deployment", "web")
    assert "MinimumReplicasAvailable" in described and "NewReplicaSet:" in described


def test_a_deployment_is_paused_scaled_resumed_and_restarted(ns):
    ns.create(workload("Deployment", replicas=1))
    ns.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    ns.kubectl("rollout", "pause", "deployment/web")
    ns.kubectl("set", "env", "deployment/web", "VERSION=2")
    ns.kubectl("scale", "deployment/web", "--replicas=2")
    eventually(lambda: ns.get("deployment", "web")["status"].get("availableReplicas") == 2, what="two Pods")
    assert len(names(ns, "replicasets")) == 1
    ns.kubectl("rollout", "resume", "deployment/web")
    ns.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert len(names(ns, "replicasets")) == 2
    before = names(ns)
    ns.kubectl("rollout", "restart", "deployment/web")
    ns.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    eventually(lambda: not set(before) & set(names(ns)), what="new Pods")
    ns.kubectl("delete", "deployment", "web")
    eventually(lambda: not names(ns) and not names(ns, "replicasets"), what="the end of all it made")


def test_a_deleted_pod_is_replaced(ns):
    ns.create(workload("ReplicaSet", replicas=2))
    eventually(lambda: ns.get("replicaset", "web")["status"].get("readyReplicas") == 2, what="two ready Pods")
    assert ns.kubectl("get", "rs", "web", "--no-headers").split()[1:4] == ["2", "2", "2"]
    gone = names(ns)[0]
    ns.kubectl("delete", "pod", gone)
    eventually(lambda: len(names(ns)) == 2 and gone not in names(ns), what="another Pod")
    ns.kubectl("scale", "rs/web", "--replicas=0")
    eventually(lambda: not names(ns), what="no Pod")


def test_a_stateful_set_goes_up_and_down_in_order_and_keeps_names(ns):
    ns.create(workload("StatefulSet", serviceName="web", replicas=2))
    ns.kubectl("rollout", "status", "statefulset/web", "--timeout=90s")
    assert names(ns) == ["web-0", "web-1"]
    first, second = items(ns, "pods")
    started = {pod["metadata"]["name"]: pod["metadata"]["creationTimestamp"] for pod in (first, second)}
    ready = [c for c in first["status"]["conditions"] if c["type"] == "Ready"][0]["lastTransitionTime"]
    assert ready <= started["web-1"]
    assert first["spec"]["hostname"] == "web-0" and first["spec"]["subdomain"] == "web"
    assert first["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "0"
    assert ns.kubectl("get", "sts", "web", "--no-headers").split()[1] == "2/2"

    uid = first["metadata"]["uid"]
    ns.kubectl("delete", "pod", "web-0")
    again = ns.wait("web-0", lambda pod: pod and pod["metadata"]["uid"] != uid)
    assert again["metadata"]["name"] == "web-0"
    ns.kubectl("rollout", "status", "statefulset/web", "--timeout=60s")

    ns.kubectl("set", "env", "statefulset/web", "VERSION=2")
    ns.kubectl("rollout", "status", "statefulset/web", "--timeout=90s")
    status = eventually(lambda: (s := ns.get("sts", "web")["status"])["currentRevision"] == s["updateRevision"] and s,
                        what="the end of the update")
    assert status["updatedReplicas"] == 2
    ns.kubectl("rollout", "undo", "statefulset/web")
    ns.kubectl("rollout", "status", "statefulset/web", "--timeout=90s")
    assert "env" not in ns.get("pod", "web-0")["spec"]["containers"][0]
    ns.kubectl("scale", "sts/web", "--replicas=1")
    eventually(lambda: names(ns) == ["web-0"], what="the end of web-1")


def test_a_daemon_set_runs_on_the_node_and_is_updated(ns):
    ns.create(workload("DaemonSet"))
    ns.kubectl("rollout", "status", "daemonset/web", "--timeout=60s")
    assert ns.kubectl("get", "ds", "web", "--no-headers").split()[1:6] == ["1"] * 5
    (before,) = names(ns)
    ns.kubectl("set", "env", "daemonset/web", "VERSION=2")
    ns.kubectl("rollout", "status", "daemonset/web", "--timeout=60s")
    eventually(lambda: len(names(ns)) == 1 and names(ns) != [before], what="the new Pod")
    assert len(ns.kubectl("rollout", "history", "daemonset/web").strip().splitlines()) == 4
    ns.kubectl("patch", "ds", "web", "-p", '{"spec":{"template":{"spec":{"nodeSelector":{"no":"such"}}}}}')
    eventually(lambda: not names(ns), what="no Pod where the selector does not match")
