"""Scheduling by other pods, priorities and volumes. The nodes are objects alone: no agent runs on them."""
import json

import pytest
from segler import eventually, fresh_namespace, pod

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


@pytest.fixture(scope="module")
def scheduler(new_server):
    server = new_server("full")
    server.start()
    yield server
    server.destroy()


@pytest.fixture
def nodes(scheduler):
    """Makes nodes for one test, and waits until they take Pods: nodes("a", zone="1", cpu="1")."""
    made = []

    def make(*names, zone="1", cpu="2", images=None):
        amounts = {"cpu": cpu, "memory": "4Gi", "pods": "20"}
        for name in names:
            status = {"capacity": amounts, "allocatable": amounts, "images": images or [],
                      "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]}
            answer = scheduler.api.post("/api/v1/nodes", {"metadata": {"name": name, "labels": {HOST: name, ZONE: zone}},
                                                          "status": status})
            assert answer.status == 201, answer
            made.append(name)
            scheduler.api.wait("/api/v1/nodes", name, lambda node: not node["spec"].get("taints"))

    yield make
    for name in made:
        scheduler.api.delete(f"/api/v1/nodes/{name}")


@pytest.fixture
def space(scheduler):
    yield from fresh_namespace(scheduler)


def bound(value):
    return (value or {}).get("spec", {}).get("nodeName")


def condition(value, kind="PodScheduled"):
    return next((c for c in (value or {}).get("status", {}).get("conditions", []) if c["type"] == kind), {})


def unschedulable(value):
    return condition(value).get("reason") == "Unschedulable"


def cpu(amount):
    return {"resources": {"requests": {"cpu": amount}}}


def term(app, key):
    return {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": key}


def place(space, value):
    space.create(value)
    return bound(space.wait(value["metadata"]["name"], bound))


def message(space, value):
    space.create(value)
    return condition(space.wait(value["metadata"]["name"], unschedulable))["message"]


def test_pods_follow_others_into_their_zone(nodes, space):
    nodes("a", "b", zone="1")
    nodes("c", zone="2")
    db = place(space, pod("db", labels={"app": "db"}, nodeSelector={HOST: "c"}))
    web = pod("web", affinity={"podAffinity": {REQUIRED: [term("db", ZONE)]}})
    assert (db, place(space, web)) == ("c", "c")


def test_replicas_that_must_be_apart_are_and_the_one_too_many_is_told_why(nodes, space):
    nodes("a", "b")
    apart = {"podAntiAffinity": {REQUIRED: [term("web", HOST)]}}
    assert {place(space, pod(name, labels={"app": "web"}, affinity=apart)) for name in ("1", "2")} == {"a", "b"}
    assert message(space, pod("3", labels={"app": "web"}, affinity=apart)) == (
        "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules. "
        "preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.")
    # A node more, and it runs.
    nodes("c")
    assert bound(space.wait("3", bound)) == "c"


def test_pods_are_spread_over_zones(nodes, space):
    nodes("a", "b", "c", zone="1")
    nodes("d", zone="2")
    spread = [{"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule",
               "labelSelector": {"matchLabels": {"app": "web"}}}]
    places = [place(space, pod(f"w{n}", labels={"app": "web"}, topologySpreadConstraints=spread)) for n in range(4)]
    assert places.count("d") == 2


def test_an_important_pod_takes_the_place_of_another(scheduler, nodes, space):
    nodes("a", cpu="1")
    for name, value in (("high", 1000), ("low", 1)):
        scheduler.kubectl("create", "priorityclass", f"{name}-{space.name}", f"--value={value}")
    assert place(space, pod("victim", container=cpu("800m"), priorityClassName=f"low-{space.name}")) == "a"
    space.create(pod("urgent", container=cpu("800m"), priorityClassName=f"high-{space.name}"))
    victim = space.wait("victim", lambda value: value and value["metadata"].get("deletionTimestamp"))
    assert condition(victim, "DisruptionTarget")["reason"] == "PreemptionByScheduler"
    urgent = space.wait("urgent", lambda value: value["status"].get("nominatedNodeName"))
    assert urgent["status"]["nominatedNodeName"] == "a"
    assert space.event("victim", "Preempted") == f"Preempted by pod {urgent['metadata']['uid']} on node a"
    assert "a" in space.kubectl("get", "pod", "urgent", "-o", "wide").splitlines()[1].split()
    # No agent is there to end the victim.
    space.kubectl("delete", "pod", "victim", "--force", "--grace-period=0")
    assert bound(space.wait("urgent", bound)) == "a"


def test_a_pod_that_must_not_preempt_waits(scheduler, nodes, space):
    nodes("a", cpu="1")
    scheduler.kubectl("create", "priorityclass", f"polite-{space.name}", "--value=1000", "--preemption-policy=Never")
    place(space, pod("other", container=cpu("800m")))
    said = message(space, pod("polite", container=cpu("800m"), priorityClassName=f"polite-{space.name}"))
    assert said == ("0/1 nodes are available: 1 Insufficient cpu. "
                    "preemption: not eligible due to preemptionPolicy=Never.")


def test_a_gated_pod_waits_until_its_gate_is_gone(nodes, space):
    nodes("a")
    space.create(pod("gated", schedulingGates=[{"name": "example.com/wait"}]))
    assert condition(space.get("pod", "gated"))["reason"] == "SchedulingGated"
    assert "SchedulingGated" in space.kubectl("get", "pod", "gated")
    space.kubectl("patch", "pod", "gated", "--type=json",
                  "-p", '[{"op": "remove", "path": "/spec/schedulingGates"}]')
    assert bound(space.wait("gated", bound)) == "a"


def test_two_pods_cannot_have_one_port_of_a_node(nodes, space):
    nodes("a")
    port = {"ports": [{"containerPort": 80, "hostPort": 8080}]}
    place(space, pod("first", container=port))
    assert message(space, pod("second", container=port)).startswith(
        "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.")


def claim(name, **spec):
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}}


def mounting(name, claim_name):
    return pod(name, volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}])


def test_a_pod_goes_where_the_local_volume_for_its_claim_is(scheduler, nodes, space):
    nodes("a", "b", "c")
    name = f"local-{space.name}"
    scheduler.kubectl("create", "-f", "-", input={
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
        "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer"})
    match = {"matchExpressions": [{"key": HOST, "operator": "In", "values": ["b"]}]}
    scheduler.kubectl("create", "-f", "-", input={
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
        "spec": {"capacity": {"storage": "2Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": name,
                 "local": {"path": "/mnt/disk"}, "nodeAffinity": {"required": {"nodeSelectorTerms": [match]}}}})
    space.create(claim("data", storageClassName=name))
    assert space.event("data", "WaitForFirstConsumer") == (
        "waiting for first consumer to be created before binding")
    assert place(space, mounting("web", "data")) == "b"
    found = json.loads(space.kubectl("get", "pvc", "data", "-o", "json"))
    assert (found["status"]["phase"], found["spec"]["volumeName"]) == ("Bound", name)
    # There is no second volume.
    space.create(claim("more", storageClassName=name))
    assert message(space, mounting("second", "more")).startswith(
        "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind.")


def test_a_missing_claim_is_named(nodes, space):
    nodes("a")
    assert message(space, mounting("web", "nowhere")).startswith(
        '0/1 nodes are available: persistentvolumeclaim "nowhere" not found.')


def test_a_node_with_the_image_is_preferred(nodes, space):
    nodes("a", "c")
    nodes("b", images=[{"names": ["registry.local/huge:1"], "sizeBytes": 3_000_000_000}])
    # Its share grows with the number of nodes that have it: one of three is enough for an image of this size.
    places = [place(space, pod(f"p{n}", image="registry.local/huge:1", container=cpu("10m"))) for n in range(3)]
    assert places == ["b"] * 3


def test_a_waiting_pod_is_placed_when_the_one_it_avoids_is_gone(nodes, space):
    nodes("a")
    place(space, pod("shy", labels={"app": "shy"}))
    apart = {"podAntiAffinity": {REQUIRED: [term("shy", HOST)]}}
    assert "didn't match pod anti-affinity rules" in message(space, pod("web", affinity=apart))
    space.kubectl("delete", "pod", "shy", "--force", "--grace-period=0")
    assert eventually(lambda: bound(space.get("pod", "web")), timeout=10) == "a"
