"""cgroups of Pods, and resources changed while they run."""
import json
import pathlib

from segler import eventually, pod


def cgroup(cluster, controller, path):
    """A file of a cgroup; of v2 where the machine has it."""
    for mount in (f"/sys/fs/cgroup/{controller}", "/sys/fs/cgroup"):
        file = pathlib.Path(f"{mount}/kubepods-{cluster.network}/{path}")
        if file.exists():
            return file.read_text().strip()
    return None


def resources(requests, limits=None):
    return {"resources": {"requests": requests, **({"limits": limits} if limits else {})}}


def resize(ns, name, requests, limits=None, container=None):
    patch = {"spec": {"containers": [{"name": container or name, **resources(requests, limits)}]}}
    return ns.kubectl_result("patch", "pod", name, "--subresource", "resize", "--type", "strategic", "-p", json.dumps(patch))


def conditions(ns, name):
    value = ns.get("pod", name)
    return {c["type"]: c for c in value["status"].get("conditions", [])}


def test_each_quality_of_service_has_its_place(cluster, ns):
    """https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/"""
    all_of = {"cpu": "100m", "memory": "32Mi"}
    ns.run("sure", script="exec sleep 300", container=resources(all_of, all_of))
    ns.run("more", script="exec sleep 300", container=resources({"cpu": "200m"}))
    ns.run("rest", script="exec sleep 300")
    uid = {n: ns.get("pod", n)["metadata"]["uid"] for n in ("sure", "more", "rest")}
    assert cgroup(cluster, "memory", f"pod{uid['sure']}/memory.limit_in_bytes") == str(32 << 20)
    assert cgroup(cluster, "cpu", f"pod{uid['sure']}/cpu.cfs_quota_us") == "10000"
    assert cgroup(cluster, "cpu", f"burstable/pod{uid['more']}/cpu.shares") == "204"
    assert int(cgroup(cluster, "cpu", "burstable/cpu.shares")) >= 204
    assert cgroup(cluster, "cpu", "besteffort/cpu.shares") == "2"
    assert cgroup(cluster, "cpu", f"besteffort/pod{uid['rest']}/cpu.shares") == "2"
    ns.kubectl("delete", "pod", "sure", "more", "rest")
    eventually(lambda: not any(cgroup(cluster, "cpu", f"{d}pod{u}/cpu.shares")
                               for d in ("", "burstable/", "besteffort/") for u in uid.values()))


def test_cpu_and_memory_change_without_a_restart(cluster, ns):
    ns.run("app", script="exec sleep 300", container=resources({"cpu": "100m", "memory": "32Mi"}, {"cpu": "200m", "memory": "64Mi"}))
    uid = ns.get("pod", "app")["metadata"]["uid"]
    done = resize(ns, "app", {"cpu": "150m", "memory": "40Mi"}, {"cpu": "300m", "memory": "80Mi"})
    assert done.returncode == 0, done.stderr
    status = eventually(lambda: (s := ns.get("pod", "app")["status"]["containerStatuses"][0])
                        and s["resources"]["limits"].get("cpu") == "300m" and s)
    assert status["allocatedResources"] == {"cpu": "150m", "memory": "40Mi"}
    assert status["resources"] == {"requests": {"cpu": "150m", "memory": "40Mi"}, "limits": {"cpu": "300m", "memory": "80Mi"}}
    assert status["restartCount"] == 0
    assert not {"PodResizePending", "PodResizeInProgress"} & set(conditions(ns, "app"))
    container = status["containerID"].split("://")[1]
    assert cgroup(cluster, "cpu", f"burstable/pod{uid}/{container}/cpu.cfs_quota_us") == "30000"
    assert cgroup(cluster, "memory", f"burstable/pod{uid}/{container}/memory.limit_in_bytes") == str(80 << 20)
    assert cgroup(cluster, "memory", f"burstable/pod{uid}/memory.limit_in_bytes") == str(80 << 20)


def test_a_container_that_asks_for_it_is_started_anew(ns):
    ns.run("app", script="exec sleep 300", restartPolicy="Always", container={
        **resources({"cpu": "100m", "memory": "32Mi"}), "resizePolicy": [
            {"resourceName": "cpu", "restartPolicy": "NotRequired"},
            {"resourceName": "memory", "restartPolicy": "RestartContainer"}]})
    assert resize(ns, "app", {"cpu": "120m", "memory": "32Mi"}).returncode == 0
    eventually(lambda: ns.get("pod", "app")["status"]["containerStatuses"][0]["resources"]["requests"]["cpu"] == "120m")
    assert ns.get("pod", "app")["status"]["containerStatuses"][0]["restartCount"] == 0
    assert resize(ns, "app", {"cpu": "120m", "memory": "48Mi"}).returncode == 0
    status = eventually(lambda: (s := ns.get("pod", "app")["status"]["containerStatuses"][0])["restartCount"] == 1
                        and s.get("resources", {}).get("requests", {}).get("memory") == "48Mi" and s)
    assert "running" in status["state"]


def test_what_the_node_cannot_give_is_put_off_or_refused(ns):
    ns.run("app", script="exec sleep 300", container=resources({"cpu": "100m"}))
    assert resize(ns, "app", {"cpu": "1000"}).returncode == 0
    pending = eventually(lambda: conditions(ns, "app").get("PodResizePending"))
    assert (pending["status"], pending["reason"]) == ("True", "Infeasible")
    assert "Node didn't have enough capacity: cpu, requested: 1000000" in pending["message"]
    assert ns.get("pod", "app")["status"]["containerStatuses"][0]["allocatedResources"] == {"cpu": "100m"}
    node = json.loads(ns.cluster.kubectl("get", "nodes", "-o", "json"))["items"][0]
    cpus = int(node["status"]["allocatable"]["cpu"])
    ns.run("other", script="exec sleep 300", container=resources({"cpu": "500m"}))
    assert resize(ns, "app", {"cpu": str(cpus)}).returncode == 0
    eventually(lambda: conditions(ns, "app").get("PodResizePending", {}).get("reason") == "Deferred")
