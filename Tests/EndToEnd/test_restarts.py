"""Containers outlive Segler and containerd, and both find them again."""
import os
import pathlib
import signal
import time

import pytest
from segler import container, eventually, is_ready, phase, pod

pytestmark = pytest.mark.restarts
STEADY = "trap 'exit 0' TERM; n=0; while :; do n=$((n+1)); echo beat $n; sleep 1 & wait $!; done"


def stop_segler(cluster, how):
    code = cluster.stop(how)
    assert code == (0 if how == signal.SIGTERM else -how)


def kill_containerd(cluster):
    pid = cluster.containerd()
    if pid:
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: cluster.containerd() != pid, 10, "the end of containerd")


def ready_node(cluster):
    name = cluster.api.get("/api/v1/nodes").json["items"][0]["metadata"]["name"]
    cluster.api.wait("/api/v1/nodes", name, is_ready)


@pytest.fixture(autouse=True)
def running(cluster):
    """Whatever a test leaves behind, the next one finds a running cluster."""
    yield
    if not cluster.running():
        cluster.start()


@pytest.fixture
def steady(ns):
    """A namespace with a Pod `steady`, and what it looks like before."""
    return ns, ns.run("steady", script=STEADY)


def assert_same(ns, before):
    ready_node(ns.cluster)
    after = ns.wait("steady", is_ready)
    assert container(after)["containerID"] == container(before)["containerID"]
    assert container(after)["restartCount"] == 0
    assert container(after)["state"] == container(before)["state"]
    assert after["status"]["podIP"] == before["status"]["podIP"]
    assert "beat 1\n" in ns.kubectl("logs", "steady")
    assert ns.kubectl("get", "pod", "steady").splitlines()[1].split()[1:4] == ["1/1", "Running", "0"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_pods_survive_a_restart_of_segler(steady, how):
    ns, before = steady
    stop_segler(ns.cluster, how)
    ns.cluster.start()
    assert_same(ns, before)


def test_pods_survive_a_crash_of_containerd(steady):
    ns, before = steady
    kill_containerd(ns.cluster)
    eventually(ns.cluster.containerd, 30, "the restart of containerd")
    assert_same(ns, before)
    ns.run("after", script=STEADY)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_pods_survive_a_restart_of_both(steady, how):
    ns, before = steady
    stop_segler(ns.cluster, how)
    kill_containerd(ns.cluster)
    ns.cluster.start()
    assert_same(ns, before)
    ns.run("after", script=STEADY)


def kill_process(marker):
    """Kills the container's process whose command line has the marker."""
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if marker.encode() in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                pass


@pytest.mark.parametrize("policy, expected", [("Always", "Running"), ("Never", "Failed")])
def test_a_container_that_died_meanwhile_is_handled(ns, policy, expected):
    marker = f"marker-{ns.name}"
    before = ns.run("victim", script=f": {marker}; sleep 100000 & wait", restartPolicy=policy)
    stop_segler(ns.cluster, signal.SIGTERM)
    kill_process(marker)
    ns.cluster.start()
    after = ns.wait("victim", lambda p: phase(p) == expected and (
        policy == "Never" or container(p)["restartCount"] == 1 and is_ready(p)))
    state = container(after)["state" if policy == "Never" else "lastState"]["terminated"]
    assert state["exitCode"] == 137 and state["containerID"] == container(before)["containerID"]


def test_a_pod_deleted_by_force_while_the_node_was_away_is_cleaned_up(ns):
    value = ns.run("victim", script=STEADY)
    cluster = ns.cluster
    stop_segler(cluster, signal.SIGTERM)
    cluster.node = False
    try:
        cluster.start()
        ns.kubectl("delete", "pod", "victim", "--force", "--grace-period=0")
        cluster.stop()
    finally:
        cluster.node = True
    cluster.start()
    eventually(lambda: not cluster.files_about(value["metadata"]["uid"]), 30,
               "the removal of the Pod's files")


def test_a_pod_on_its_way_out_goes_on_going(ns):
    ns.run("leaving", image="stubborn:1", terminationGracePeriodSeconds=3)
    ns.kubectl("delete", "pod", "leaving", "--wait=false")
    stop_segler(ns.cluster, signal.SIGKILL)
    ns.cluster.start()
    ns.wait("leaving", lambda p: p is None, timeout=30)


def instances(ns):
    """How many containers of each Pod run, by what the kernel says: a directory a container in the Pod's cgroup."""
    counts = {}
    for value in ns.api.get(ns.path()).json["items"]:
        uid, running = value["metadata"]["uid"], 0
        for group in pathlib.Path("/sys/fs/cgroup").glob(f"*/kubepods-{ns.cluster.network}/*/pod{uid}"):
            tasks = [d for d in group.iterdir() if d.is_dir() and (d / "cgroup.procs").read_text().strip()]
            running = max(running, len(tasks))
        counts[value["metadata"]["name"]] = running
    return counts


@pytest.mark.parametrize("after", [0.2, 0.6, 1.2])
def test_a_power_cut_while_pods_come_and_go(ns, after):
    """kill -9 of everything while some start and others end: no container runs twice, none is lost, none stays behind."""
    names = [f"p{n}" for n in range(6)]
    for name in names[:3]:
        ns.run(name, script=STEADY, terminationGracePeriodSeconds=3)
    gone = {n: ns.get("pod", n)["metadata"]["uid"] for n in names[:3]}
    for name in names[:3]:
        ns.kubectl("delete", "pod", name, "--wait=false")
    for name in names[3:]:
        ns.create(pod(name, script=STEADY))
    time.sleep(after)
    stop_segler(ns.cluster, signal.SIGKILL)
    kill_containerd(ns.cluster)
    ns.cluster.start()
    ready_node(ns.cluster)
    for name in names[3:]:
        # One whose start was cut off may have been started a second time.
        assert container(ns.wait(name, is_ready))["restartCount"] <= 1
    eventually(lambda: set(p["metadata"]["name"] for p in ns.api.get(ns.path()).json["items"]) == set(names[3:]))
    # A sandbox and a container each.
    eventually(lambda: instances(ns) == {name: 2 for name in names[3:]}, what="one container for each Pod")
    eventually(lambda: not any(ns.cluster.files_about(uid) for uid in gone.values()), what="the end of what they left")
