"""How a Pod ends: asked first, killed after its grace period, gone for good."""
import time

from segler import Lines, eventually, phase, pod

POLITE = """
trap 'echo "asked to go"; sleep 1; echo "gone"; exit 0' TERM
echo up
while :; do sleep 1 & wait $!; done
"""


def test_a_container_may_finish_its_work(ns):
    ns.run("polite", script=POLITE, terminationGracePeriodSeconds=30)
    with ns.kubectl_running("logs", "-f", "polite") as kubectl:
        lines = Lines(kubectl.stdout)
        lines.until("up")
        started = time.monotonic()
        ns.kubectl("delete", "pod", "polite", timeout=40)
        assert 1 <= time.monotonic() - started < 15
        lines.until("asked to go")
        lines.until("gone")
    assert "polite" in ns.event("polite", "Killing")


def test_a_container_that_does_not_listen_is_killed_after_its_grace_period(ns):
    ns.run("deaf", image="stubborn:1", terminationGracePeriodSeconds=2)
    started = time.monotonic()
    ns.kubectl("delete", "pod", "deaf", timeout=30)
    assert 2 <= time.monotonic() - started < 15


def test_a_pod_on_its_way_out_shows_as_terminating(ns):
    ns.run("deaf", image="stubborn:1", terminationGracePeriodSeconds=4)
    ns.kubectl("delete", "pod", "deaf", "--wait=false")
    metadata = ns.get("pod", "deaf")["metadata"]
    assert metadata["deletionTimestamp"] and metadata["deletionGracePeriodSeconds"] == 4
    assert ns.kubectl("get", "pod", "deaf").splitlines()[1].split()[2] == "Terminating"
    ns.wait("deaf", lambda p: p is None, timeout=30)


def test_the_grace_period_can_be_shortened(ns):
    ns.run("deaf", image="stubborn:1", terminationGracePeriodSeconds=300)
    ns.kubectl("delete", "pod", "deaf", "--wait=false")
    ns.kubectl("delete", "pod", "deaf", "--grace-period=1", timeout=30)
    ns.wait("deaf", lambda p: p is None, timeout=30)


def test_a_forced_deletion_is_at_once_and_the_container_goes_too(ns):
    value = ns.run("deaf", image="stubborn:1", terminationGracePeriodSeconds=300)
    ns.kubectl("delete", "pod", "deaf", "--force", "--grace-period=0", timeout=10)
    assert "NotFound" in ns.kubectl_refused("get", "pod", "deaf")
    eventually(lambda: not ns.cluster.files_about(value["metadata"]["uid"]), 30,
               "the removal of the Pod's files")


def test_the_name_is_free_again(ns):
    first = ns.run("again", script="trap 'exit 0' TERM; sleep 1000 & wait")
    ns.kubectl("delete", "pod", "again")
    second = ns.run("again", script="trap 'exit 0' TERM; sleep 1000 & wait")
    assert first["metadata"]["uid"] != second["metadata"]["uid"]


def test_a_namespace_takes_its_pods_with_it(cluster):
    cluster.kubectl("create", "namespace", "leaving")
    cluster.kubectl("create", "-n", "leaving", "-f", "-", input=pod("inside", script="sleep 1000 & wait"))
    cluster.api.wait("/api/v1/namespaces/leaving/pods", "inside",
                     lambda p: phase(p) == "Running")
    cluster.kubectl("delete", "namespace", "leaving", timeout=60)
    assert cluster.api.get("/api/v1/namespaces/leaving/pods").json["items"] == []
