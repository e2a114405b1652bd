"""PersistentVolumes and claims: bound, made on demand, kept or removed, with data that outlives Pods."""
import pathlib

import pytest
from segler import eventually, phase, pod


def claim(name, size="1Gi", **spec):
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}}


def volume(name, path, policy="Retain", **spec):
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
            "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
                     "persistentVolumeReclaimPolicy": policy, "hostPath": {"path": str(path)}, **spec}}


def mounting(name, script, claim_name="data", **spec):
    return pod(name, script=script, **spec, container={"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
               volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}])


def is_in(*phases):
    return lambda value: phase(value) in phases


def made_for(space, name="data"):
    """The volume that a claim is bound to, when it is."""
    bound = space.wait(name, is_in("Bound"), resource="persistentvolumeclaims")
    return bound["spec"]["volumeName"]


def test_the_class_of_this_program_is_the_default(cluster):
    line = cluster.kubectl("get", "storageclass", "local-path").splitlines()[1].split()
    assert line[:6] == ["local-path", "(default)", "segler/local-path", "Delete", "WaitForFirstConsumer", "true"]


def test_a_claim_without_a_class_is_bound_to_an_admins_volume_which_keeps_its_data(cluster, ns, tmp_path):
    name = f"admin-{ns.name}"
    cluster.kubectl("create", "-f", "-", input=volume(name, tmp_path))
    try:
        cluster.api.wait("/api/v1/persistentvolumes", name, is_in("Available"))
        ns.create(claim("data", storageClassName=""))
        assert made_for(ns) == name
        assert f"{ns.name}/data" in cluster.kubectl("get", "pv", name)
        ns.kubectl("delete", "pvc", "data")
        released = cluster.api.wait("/api/v1/persistentvolumes", name, is_in("Released"))
        assert released["spec"]["claimRef"]["name"] == "data"
        # It is not given to the next: the data is still another's.
        ns.create(claim("data", storageClassName=""))
        assert "no persistent volumes available" in ns.event("data", "FailedBinding")
        assert tmp_path.is_dir()
    finally:
        cluster.kubectl_result("delete", "pv", name, "--wait=false")


def test_a_volume_is_made_when_a_pod_needs_it_and_removed_with_its_claim(cluster, ns):
    ns.create(claim("data"))
    assert "waiting for first consumer" in ns.event("data", "WaitForFirstConsumer")
    ns.create(mounting("web", "sleep 1000"))
    name = made_for(ns)
    found = cluster.api.get(f"/api/v1/persistentvolumes/{name}").json
    path = pathlib.Path(found["spec"]["local"]["path"])
    assert path.is_dir() and path.parent == cluster.data / "volumes"
    assert "Successfully provisioned volume" in ns.event("data", "ProvisioningSucceeded")
    # While the Pod has it, the claim only says that it is to go.
    ns.kubectl("delete", "pvc", "data", "--wait=false")
    assert "Terminating" in ns.kubectl("get", "pvc", "data")
    ns.kubectl("delete", "pod", "web", "--grace-period=1")
    ns.wait("data", lambda value: value is None, resource="persistentvolumeclaims")
    cluster.api.wait("/api/v1/persistentvolumes", name, lambda value: value is None)
    assert not path.exists()


def test_a_claim_grows(cluster, ns):
    ns.create(claim("data"))
    ns.create(mounting("web", "sleep 1000"))
    name = made_for(ns)
    ns.kubectl("patch", "pvc", "data", "-p", '{"spec": {"resources": {"requests": {"storage": "3Gi"}}}}')
    ns.wait("data", lambda value: value["status"]["capacity"]["storage"] == "3Gi", resource="persistentvolumeclaims")
    assert cluster.api.get(f"/api/v1/persistentvolumes/{name}").json["spec"]["capacity"]["storage"] == "3Gi"


def test_a_claim_of_a_class_that_does_not_allow_it_does_not_grow(cluster, ns, tmp_path):
    name = f"fixed-{ns.name}"
    cluster.kubectl("create", "-f", "-", input=volume(name, tmp_path))
    try:
        ns.create(claim("data", storageClassName=""))
        made_for(ns)
        said = ns.kubectl_refused("patch", "pvc", "data", "-p", '{"spec": {"resources": {"requests": {"storage": "3Gi"}}}}')
        assert "only dynamically provisioned pvc can be resized" in said
    finally:
        cluster.kubectl_result("delete", "pv", name, "--wait=false")


def test_data_outlives_the_pod(cluster, ns):
    ns.create(claim("data"))
    ns.create(mounting("first", "echo hello > /data/file", restartPolicy="Never"))
    ns.wait("first", is_in("Succeeded"))
    ns.kubectl("delete", "pod", "first")
    ns.create(mounting("second", "cat /data/file; sleep 1000"))
    ns.wait("second", is_in("Running"))
    ns.says("second", "hello")


def test_the_policy_recycle_is_refused_with_a_reason(cluster, ns, tmp_path):
    name = f"recycle-{ns.name}"
    cluster.kubectl("create", "-f", "-", input=volume(name, tmp_path, policy="Recycle"))
    try:
        cluster.api.wait("/api/v1/persistentvolumes", name, is_in("Available"))
        ns.create(claim("data", storageClassName=""))
        made_for(ns)
        ns.kubectl("delete", "pvc", "data")
        failed = cluster.api.wait("/api/v1/persistentvolumes", name, is_in("Failed"))
        assert "Recycle is deprecated and not supported" in failed["status"]["message"]
    finally:
        cluster.kubectl_result("delete", "pv", name, "--wait=false")


@pytest.mark.restarts
def test_a_deleted_class_stays_deleted(cluster):
    cluster.kubectl("delete", "storageclass", "local-path")
    cluster.stop()
    cluster.start()
    eventually(lambda: "Ready" in cluster.kubectl("get", "nodes"), what="the node")
    assert "local-path" not in cluster.kubectl("get", "storageclass")
