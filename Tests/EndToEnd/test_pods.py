"""The story: a node, a manifest, a running Pod, and its end."""
import os
import re
import urllib.request

import pytest
import yaml
from segler import Lines, ROOT, config_map, container, eventually, free_port, is_ready, phase, pod, terminated

MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: demoapp, labels: {name: demoapp}}
spec:
  containers:
  - {name: demoapp, image: demoapp:1, ports: [{containerPort: 3306, protocol: TCP}]}
"""


def fetch(address, port=3306):
    with urllib.request.urlopen(f"http://{address}:{port}/", timeout=10) as answer:
        return answer.read().decode()


def node(cluster):
    return cluster.api.get("/api/v1/nodes").json["items"][0]


def test_the_node_is_ready_and_says_what_it_is(cluster):
    header, row = cluster.kubectl("get", "nodes", "-o", "wide").splitlines()
    assert header.split()[:5] == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    fields = re.split(r"\s{2,}", row)
    assert fields[1] == "Ready" and fields[4].startswith("v1.36.")
    assert os.uname().release in row and "containerd://" in row
    assert re.search(r"\d+\.\d+\.\d+\.\d+", row), "no internal address"


def test_the_node_has_the_machines_capacity(cluster):
    capacity = node(cluster)["status"]["capacity"]
    with open("/proc/meminfo") as f:
        total = re.search(r"MemTotal:\s+(\d+) kB", f.read())[1]
    assert capacity["cpu"] == str(os.cpu_count()) and capacity["memory"] == f"{total}Ki"
    assert int(capacity["pods"]) >= 100
    description = cluster.kubectl("describe", "node", node(cluster)["metadata"]["name"])
    for condition in ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready"):
        assert condition in description


def test_the_node_renews_its_lease(cluster):
    path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
    name = node(cluster)["metadata"]["name"]
    first = cluster.api.wait(path, name, lambda lease: lease)["spec"]["renewTime"]
    cluster.api.wait(path, name, lambda lease: lease["spec"]["renewTime"] > first, timeout=30)


def test_the_manifest_of_the_story_runs(ns):
    assert "pod/demoapp created" in ns.kubectl("apply", "-f", "-", input=MANIFEST)
    value = ns.wait("demoapp", is_ready)
    assert phase(value) == "Running"
    assert ns.kubectl("get", "pods").splitlines()[1].split()[:4] == ["demoapp", "1/1", "Running", "0"]
    assert value["status"]["podIP"] in ns.kubectl("get", "pods", "-l", "name=demoapp", "-o", "wide")
    ns.says("demoapp", "demoapp 1 on demoapp listens on port 3306")
    assert ns.kubectl("exec", "demoapp", "--", "hostname") == "demoapp\n"
    assert fetch(value["status"]["podIP"]) == "demoapp 1 on demoapp\n"


def test_describe_tells_the_pods_history(ns):
    ns.run("demoapp", image="demoapp:1")
    for reason in ("Scheduled", "Pulled", "Created", "Started"):
        ns.event("demoapp", reason)
    description = ns.kubectl("describe", "pod", "demoapp")
    for text in ("Successfully assigned", "already present on machine", "Running", "demoapp:1", "QoS Class"):
        assert text in description
    assert "Started" in ns.kubectl("get", "events")


def test_the_status_is_complete(ns):
    status = ns.run("demoapp", image="demoapp:1")["status"]
    assert {c["type"]: c["status"] for c in status["conditions"]} == {
        "PodReadyToStartContainers": "True", "Initialized": "True", "Ready": "True", "ContainersReady": "True",
        "PodScheduled": "True"}
    assert status["qosClass"] == "BestEffort" and status["startTime"] and status["hostIP"]
    assert status["podIPs"] == [{"ip": status["podIP"]}]
    only, = status["containerStatuses"]
    assert only["ready"] is True and only["started"] is True and only["restartCount"] == 0
    assert only["state"]["running"]["startedAt"] and only["containerID"].startswith("containerd://")
    assert only["image"].endswith("demoapp:1") and "sha256:" in only["imageID"]


def test_get_watch_shows_a_pod_on_its_way(ns):
    ns.create(pod("first", nodeSelector={"no": "node"}))
    with ns.kubectl_running("get", "pods", "--watch", "--no-headers") as kubectl:
        lines = Lines(kubectl.stdout)
        lines.until("first")
        ns.create(pod("demoapp", image="demoapp:1"))
        states = [lines.until("demoapp").split()[2]]
        while states[-1] != "Running":
            states.append(lines.until("demoapp").split()[2])
        ns.kubectl("delete", "pod", "demoapp", "--wait=false")
        lines.until("Terminating")
    assert states[0] == "Pending"


def test_deletion_leaves_nothing_behind(ns):
    marker = f"36{os.getpid()}"
    value = ns.run("short", script=f"trap 'exit 0' TERM; sleep {marker} & wait")
    address = value["status"]["podIP"]

    def alive():
        return [p for p in os.listdir("/proc") if p.isdigit() and marker in command_line(p)]

    assert alive()
    assert "deleted" in ns.kubectl("delete", "pod", "short", timeout=30)
    assert "NotFound" in ns.kubectl_refused("get", "pod", "short")
    eventually(lambda: not alive(), 10, "the end of the Pod's processes")
    eventually(lambda: not ns.cluster.files_about(value["metadata"]["uid"]), 10,
               "the removal of the Pod's files")
    eventually(lambda: not ns.cluster.files_about(address), 10, "the return of the Pod's address")


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as f:
            return f.read()
    except OSError:
        return ""


def test_a_manifest_overrides_what_the_image_says(ns):
    for name, container_spec in {
        "image": {},
        "args": {"args": ["from", "$(WHERE)"], "env": [{"name": "WHERE", "value": "manifest"}]},
        "settings": {"env": [{"name": "COLOUR", "value": "red"}], "workingDir": "/tmp",
                     "securityContext": {"runAsUser": 2000}},
        "command": {"command": ["/bin/echo", "all", "new"]},
    }.items():
        ns.create(pod(name, "settings:1", container=container_spec, restartPolicy="Never"))
    said = {}
    for name in ("image", "args", "settings", "command"):
        ns.wait(name, lambda p: phase(p) == "Succeeded")
        said[name] = ns.kubectl("logs", name).strip()
    assert said == {
        "image": "args=from image user=1000 dir=/app colour=blue",
        "args": "args=from manifest user=1000 dir=/app colour=blue",
        "settings": "args=from image user=2000 dir=/tmp colour=red",
        "command": "all new",
    }


def test_environment_from_objects_and_from_the_pod_itself(ns):
    ns.create(config_map("settings", {"colour": "blue"}))
    ns.kubectl("create", "secret", "generic", "keys", "--from-literal=code=1234")
    env = [
        {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}}},
        {"name": "CODE", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "code"}}},
        {"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "ALL", "value": "$(COLOUR)-$(ME)"},
    ]
    ns.create(pod("env", script='echo "$COLOUR $CODE $ME $ALL"; test -n "$IP"', container={"env": env},
                  restartPolicy="Never"))
    ns.wait("env", lambda p: phase(p) == "Succeeded")
    assert ns.kubectl("logs", "env") == "blue 1234 env blue-env\n"


def test_a_missing_config_map_is_named_and_then_found(ns):
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "late", "key": "a"}}}]
    ns.create(pod("env", script="sleep 1000", container={"env": env}))
    ns.wait("env", lambda p: "late" in container(p).get("state", {}).get("waiting", {}).get("message", ""))
    ns.create(config_map("late", {"a": "1"}))
    ns.wait("env", is_ready, timeout=90)


def test_containers_of_a_pod_share_the_network(ns):
    value = pod("pair", "demoapp:1")
    value["spec"]["containers"].append(
        {"name": "client", "image": "busybox:1", "command": ["sh", "-c", "sleep 1000 & wait"]})
    ns.create(value)
    ns.wait("pair", is_ready)
    assert ns.kubectl("get", "pod", "pair").splitlines()[1].split()[1] == "2/2"
    assert "demoapp 1 on pair" in ns.kubectl("exec", "pair", "-c", "client", "--", "wget", "-qO-",
                                             "http://127.0.0.1:3306/")
    assert ns.api.get(f"{ns.path()}/pair/log").status == 400, "which container?"
    eventually(lambda: "demoapp 1" in ns.kubectl("logs", "pair", "-c", "pair"), what="the log")
    assert ns.kubectl("logs", "pair", "-c", "client") == ""


def test_pods_reach_each_other(ns):
    address = ns.run("server", image="demoapp:1")["status"]["podIP"]
    ns.run("client", script="sleep 1000 & wait")
    assert ns.kubectl("exec", "client", "--", "timeout", "10", "wget", "-qO-",
                      f"http://{address}:3306/") == "demoapp 1 on server\n"


def test_a_host_port_leads_into_the_pod(ns):
    port = free_port()
    ns.run("open", image="demoapp:1", container={"ports": [{"containerPort": 3306, "hostPort": port}]})
    address = next(a["address"] for a in node(ns.cluster)["status"]["addresses"] if a["type"] == "InternalIP")
    assert fetch(address, port) == "demoapp 1 on open\n"


def test_a_host_network_pod_has_the_nodes_address(ns):
    value = ns.run("host", script="sleep 1000 & wait", hostNetwork=True)
    assert value["status"]["podIP"] == value["status"]["hostIP"]


@pytest.mark.parametrize("resources, expected", [
    ({}, "BestEffort"),
    ({"requests": {"memory": "16Mi"}}, "Burstable"),
    ({"limits": {"cpu": "100m", "memory": "32Mi"}}, "Guaranteed"),
])
def test_the_quality_of_service_class_follows_the_resources(ns, resources, expected):
    ns.create(pod("q", script="sleep 1000 & wait", container={"resources": resources}))
    assert ns.wait("q", is_ready)["status"]["qosClass"] == expected


def test_a_container_beyond_its_memory_is_killed_and_says_so(ns):
    ns.create(pod("greedy", script="x=0123456789; while :; do x=$x$x; done", restartPolicy="Never",
                  container={"resources": {"limits": {"memory": "16Mi"}}}))
    end = terminated(ns.wait("greedy", lambda p: phase(p) == "Failed"))
    assert (end["reason"], end["exitCode"]) == ("OOMKilled", 137)


def test_a_cpu_limit_reaches_the_kernel(ns):
    ns.run("slow", script="sleep 1000 & wait", container={"resources": {"limits": {"cpu": "200m"}}})
    quota = ns.kubectl("exec", "slow", "--", "sh", "-c",
                       "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null; true")
    assert quota.split()[0] == "20000"


def test_too_much_cpu_for_the_node_stays_pending(ns):
    ns.create(pod("big", container={"resources": {"requests": {"cpu": "1000"}}}))
    assert "Insufficient cpu" in ns.event("big", "FailedScheduling")
    assert ns.kubectl("get", "pod", "big").splitlines()[1].split()[2] == "Pending"


def test_a_command_that_is_not_there_is_named(ns):
    ns.create(pod("wrong", container={"command": ["/no/such/program"]}, restartPolicy="Never"))
    end = terminated(ns.wait("wrong", lambda p: phase(p) == "Failed"))
    assert end["exitCode"] == 128 and "/no/such/program" in end["message"]


def test_many_pods_at_once(ns):
    names = [f"p{n}" for n in range(10)]
    ns.create(*(pod(name, script="sleep 1000 & wait") for name in names))
    values = [ns.wait(name, is_ready, timeout=120) for name in names]
    assert len({value["status"]["podIP"] for value in values}) == 10
    ns.kubectl("delete", "pods", "--all", timeout=90)


@pytest.mark.parametrize("path", sorted((ROOT / "Examples").glob("*.yaml")), ids=lambda path: path.name)
def test_each_example_runs(ns, path):
    ns.kubectl("apply", "-f", path)
    for value in yaml.safe_load_all(path.read_text()):
        ns.wait(value["metadata"]["name"], is_ready)
    ns.kubectl("delete", "-f", path)
