"""Where Pods go, and why they do not. The nodes are objects alone: no agent runs on them."""
import pytest
from segler import fresh_namespace, pod


@pytest.fixture(scope="module")
def scheduler(new_server):
    server = new_server("sched")
    server.start()
    yield server
    server.destroy()


@pytest.fixture
def nodes(scheduler):
    """Makes nodes for one test: nodes(name, cpu="1", labels={}, taints=[])."""
    made = []

    def make(name, cpu="1", memory="1Gi", labels=None, taints=None):
        amounts = {"cpu": cpu, "memory": memory, "pods": "10"}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels or {}},
                "spec": {"taints": taints or []},
                "status": {"capacity": amounts, "allocatable": amounts,
                           "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]}}
        created = scheduler.api.post("/api/v1/nodes", node)
        assert created.status == 201, created
        made.append(name)

    yield make
    for name in made:
        scheduler.api.delete(f"/api/v1/nodes/{name}")


@pytest.fixture
def space(scheduler):
    yield from fresh_namespace(scheduler)


def bound(value):
    return (value or {}).get("spec", {}).get("nodeName")


def unschedulable(value):
    return any(c["type"] == "PodScheduled" and c["status"] == "False" and c["reason"] == "Unschedulable"
               for c in (value or {}).get("status", {}).get("conditions", []))


def cpu(amount):
    return {"resources": {"requests": {"cpu": amount}}}


def test_a_pod_is_assigned_and_an_event_says_so(nodes, space):
    nodes("one")
    space.create(pod("web"))
    assert bound(space.wait("web", bound)) == "one"
    assert space.event("web", "Scheduled") == f"Successfully assigned {space.name}/web to one"


def test_without_nodes_a_pod_stays_pending_and_says_why(space):
    space.create(pod("web"))
    space.wait("web", unschedulable)
    assert "no nodes available" in space.event("web", "FailedScheduling")
    assert "Pending" in space.kubectl("get", "pod", "web")


def test_a_node_selector_that_matches_nothing_is_named(nodes, space):
    nodes("one", labels={"disk": "hdd"})
    space.create(pod("web", nodeSelector={"disk": "ssd"}))
    space.wait("web", unschedulable)
    assert space.event("web", "FailedScheduling").startswith(
        "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")


def test_a_node_selector_chooses_the_node(nodes, space):
    nodes("one", labels={"disk": "hdd"})
    nodes("two", labels={"disk": "ssd"})
    space.create(pod("web", nodeSelector={"disk": "ssd"}))
    assert bound(space.wait("web", bound)) == "two"


def test_too_much_cpu_is_named(nodes, space):
    nodes("one", cpu="1")
    space.create(pod("big", container=cpu("1500m")))
    space.wait("big", unschedulable)
    assert "1 Insufficient cpu" in space.event("big", "FailedScheduling")


def test_too_much_memory_is_named(nodes, space):
    nodes("one", memory="1Gi")
    space.create(pod("big", container={"resources": {"requests": {"memory": "2Gi"}}}))
    assert "1 Insufficient memory" in space.event("big", "FailedScheduling")


def test_a_taint_is_named_and_a_toleration_helps(nodes, space):
    nodes("one", taints=[{"key": "only", "value": "batch", "effect": "NoSchedule"}])
    space.create(pod("web"))
    assert "untolerated taint" in space.event("web", "FailedScheduling")
    space.create(pod("batch", tolerations=[{"key": "only", "operator": "Equal", "value": "batch",
                                            "effect": "NoSchedule"}]))
    assert bound(space.wait("batch", bound)) == "one"


def test_each_reason_is_counted(nodes, space):
    nodes("one", labels={"disk": "hdd"})
    nodes("two", labels={"disk": "ssd"}, cpu="500m")
    space.create(pod("web", nodeSelector={"disk": "ssd"}, container=cpu("1")))
    message = space.event("web", "FailedScheduling")
    assert message.startswith("0/2 nodes are available: ")
    assert "1 Insufficient cpu" in message and "1 node(s) didn't match Pod's node affinity/selector" in message


def test_a_cordoned_node_takes_no_pods_until_it_is_uncordoned(scheduler, nodes, space):
    nodes("one")
    scheduler.kubectl("cordon", "one")
    space.create(pod("web"))
    space.wait("web", unschedulable)
    scheduler.kubectl("uncordon", "one")
    assert bound(space.wait("web", bound, timeout=10)) == "one"


def test_a_waiting_pod_is_assigned_when_a_label_makes_a_node_fit(scheduler, nodes, space):
    nodes("one")
    space.create(pod("web", nodeSelector={"disk": "ssd"}))
    space.wait("web", unschedulable)
    scheduler.kubectl("label", "node", "one", "disk=ssd")
    assert bound(space.wait("web", bound, timeout=10)) == "one"


def test_room_that_a_deleted_pod_leaves_goes_to_the_next(nodes, space):
    nodes("one", cpu="1")
    space.create(pod("first", container=cpu("600m")))
    space.wait("first", bound)
    space.create(pod("second", container=cpu("600m")))
    space.wait("second", unschedulable)
    space.kubectl("delete", "pod", "first", "--force", "--grace-period=0")
    assert bound(space.wait("second", bound, timeout=10)) == "one"


def test_pods_spread_over_nodes_with_room(nodes, space):
    nodes("one", cpu="2")
    nodes("two", cpu="2")
    for name in ("a", "b"):
        space.create(pod(name, container=cpu("1")))
    assert {bound(space.wait(name, bound)) for name in ("a", "b")} == {"one", "two"}


def test_a_pod_that_names_its_node_needs_no_scheduler(nodes, space):
    nodes("one", taints=[{"key": "only", "effect": "NoSchedule"}])
    space.create(pod("static", nodeName="one"))
    assert bound(space.get("pod", "static")) == "one"


def test_another_schedulers_pods_are_left_alone(nodes, space):
    nodes("one")
    space.create(pod("theirs", schedulerName="other"))
    space.create(pod("ours"))
    space.wait("ours", bound)
    assert not bound(space.get("pod", "theirs"))
