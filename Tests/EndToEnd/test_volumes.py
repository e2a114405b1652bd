"""Files in Pods: every kind of volume, and what may be said of their mounts."""
import os
import pathlib
import socket
import subprocess

import pytest
from segler import base64_text, config_map, container, eventually, is_ready, phase, pod, waiting_reason

FOREVER = "trap 'exit 0' TERM; sleep 1000 & wait"


def with_volume(name, source, script=FOREVER, mount=None, container=None, **spec):
    return pod(name, script=script, volumes=[{"name": "v", **source}],
               container={"volumeMounts": [{"name": "v", "mountPath": "/v", **(mount or {})}], **(container or {})}, **spec)


def said(ns, name):
    ns.wait(name, lambda p: phase(p) == "Succeeded")
    return ns.kubectl("logs", name)


def once(ns, source, script, **more):
    ns.create(with_volume("a", source, script, restartPolicy="Never", **more))
    return said(ns, "a")


def test_an_empty_dir_is_shared_by_containers_and_outlives_them(ns):
    ns.create(with_volume("a", {"emptyDir": {}}, "echo x >> /v/log; cat /v/log; test $(wc -l < /v/log) = 2",
                          restartPolicy="OnFailure"))
    assert said(ns, "a") == "x\nx\n"


def test_an_empty_dir_in_memory_is_a_bounded_tmpfs(ns):
    log = once(ns, {"emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
               "grep ' /v ' /proc/mounts; dd if=/dev/zero of=/v/big bs=1k count=2000 2>&1; ls -ld /v")
    assert "tmpfs" in log and "No space left" in log and "drwxrwxrwx" in log


def test_a_pod_that_fills_its_empty_dir_beyond_the_limit_is_evicted(ns):
    ns.create(with_volume("a", {"emptyDir": {"sizeLimit": "1Mi"}},
                          f"dd if=/dev/zero of=/v/big bs=1k count=3000; {FOREVER}"))
    value = ns.wait("a", lambda p: phase(p) == "Failed", timeout=60)
    assert value["status"]["reason"] == "Evicted"
    assert value["status"]["message"] == 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '
    condition = next(c for c in value["status"]["conditions"] if c["type"] == "DisruptionTarget")
    assert (condition["status"], condition["reason"]) == ("True", "TerminationByKubelet")
    assert ns.event("a", "Evicted")


@pytest.mark.parametrize("kind, exists, fits", [
    ("", "directory", True), ("DirectoryOrCreate", None, True), ("Directory", None, False), ("Directory", "file", False),
    ("FileOrCreate", None, True), ("File", "file", True), ("File", "directory", False), ("Socket", "socket", True),
    ("Socket", "file", False), ("CharDevice", "file", False), ("BlockDevice", "file", False)])
def test_a_host_path_is_checked_by_its_type(ns, tmp_path, kind, exists, fits):
    # Sockets have short paths only.
    path = pathlib.Path(f"/tmp/{ns.name}") if exists == "socket" else tmp_path / "x"
    if exists == "directory":
        path.mkdir()
    elif exists == "file":
        path.write_text("")
    elif exists == "socket":
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(path))
    ns.create(with_volume("a", {"hostPath": {"path": str(path), "type": kind}}))
    if fits:
        ns.wait("a", is_ready)
    else:
        assert "hostPath type check failed" in ns.event("a", "FailedMount")
    if exists == "socket":
        path.unlink()


def test_config_maps_and_secrets_have_items_and_modes(ns):
    ns.create(config_map("settings", {"a": "1", "b": "2"}))
    ns.kubectl("create", "secret", "generic", "keys", "--from-literal=code=1234")
    sources = {"sources": [
        {"configMap": {"name": "settings", "items": [{"key": "a", "path": "dir/one", "mode": 0o400}]}},
        {"secret": {"name": "keys"}}, {"secret": {"name": "none", "optional": True}},
        {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}},
                                   {"path": "cpu", "resourceFieldRef": {"containerName": "a", "resource": "limits.cpu",
                                                                       "divisor": "1m"}}]}}]}
    log = once(ns, {"projected": {**sources, "defaultMode": 0o640}}, "cd /v; ls; cat dir/one code name cpu; "
               "stat -c %a $(readlink -f dir/one) $(readlink -f code) || ls -lL dir/one code; touch /v/x 2>&1 || true",
               container={"resources": {"limits": {"cpu": "500m"}}})
    assert "code\ncpu\ndir\nname\n" in log and "11234a500" in log.replace("\n", "")
    assert ("400\n640" in log or "-r-------- " in log and "-rw-r-----" in log) and "Read-only file system" in log


@pytest.mark.parametrize("source, message", [
    ({"configMap": {"name": "none"}}, 'configmap "none" not found'),
    ({"secret": {"secretName": "none"}}, 'secret "none" not found'),
    ({"nfs": {"server": "x", "path": "/"}}, "volumes of type nfs are not supported"),
    ({"csi": {"driver": "x.example.com"}}, "volumes of type csi are not supported"),
    ({"iscsi": {"targetPortal": "1.2.3.4", "iqn": "iqn.2001-04.com.example:x", "lun": 1}}, "iscsi are not supported"),
    ({"image": {"reference": "busybox:1"}}, "image volumes need")],
    ids=["configmap", "secret", "nfs", "csi", "iscsi", "image"])
def test_a_volume_that_cannot_be_had_is_told(ns, source, message):
    ns.create(with_volume("a", source))
    assert message in ns.event("a", "FailedMount")
    assert waiting_reason(ns.get("pod", "a")) == "ContainerCreating"


def test_a_pod_without_its_claim_is_given_to_no_node(ns):
    ns.create(with_volume("a", {"persistentVolumeClaim": {"claimName": "none"}}))
    assert 'persistentvolumeclaim "none" not found' in ns.event("a", "FailedScheduling")


def test_a_pod_starts_as_soon_as_its_volume_is_there(ns):
    ns.create(with_volume("a", {"configMap": {"name": "late"}}))
    ns.event("a", "FailedMount")
    ns.create(config_map("late", {"a": "1"}))
    ns.wait("a", is_ready, timeout=8)


def test_changes_of_objects_and_labels_reach_running_pods_at_once(ns):
    ns.create(config_map("settings", {"a": "1", "b": "1"}))
    ns.create(with_volume("a", {"projected": {"sources": [
        {"configMap": {"name": "settings"}},
        {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}}]}},
        labels={"app": "x"}))
    ns.wait("a", is_ready)
    ns.api.patch(ns.path("configmaps", "settings"), {"data": {"a": "2", "b": None}})
    eventually(lambda: ns.kubectl("exec", "a", "--", "sh", "-c", "cat /v/a; ls /v") == "2a\nlabels\n", 10)
    ns.kubectl("label", "pod", "a", "colour=blue")
    eventually(lambda: 'colour="blue"' in ns.kubectl("exec", "a", "--", "cat", "/v/labels"), 10)


# Parts of volumes

def test_sub_paths_show_a_part_of_a_volume(ns):
    init = {"name": "init", "image": "busybox:1", "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            "command": ["sh", "-c", "mkdir -p /v/dir/in; echo hi > /v/dir/in/file; ln -s dir/in /v/link"]}
    value = with_volume("a", {"emptyDir": {}}, "cat /v/file /f; ls /l /new; touch /new/x", restartPolicy="Never",
                        mount={"subPathExpr": "dir/$(IN)"}, initContainers=[init],
                        container={"env": [{"name": "IN", "value": "in"}]})
    value["spec"]["containers"][0]["volumeMounts"] = [
        {"name": "v", "mountPath": "/v", "subPathExpr": "dir/$(IN)"}, {"name": "v", "mountPath": "/f", "subPath": "dir/in/file"},
        {"name": "v", "mountPath": "/l", "subPath": "link"}, {"name": "v", "mountPath": "/new", "subPath": "made/here"}]
    ns.create(value)
    assert said(ns, "a") == "hi\nhi\n/l:\nfile\n\n/new:\n"


@pytest.mark.parametrize("target, path", [("/etc", "x"), ("../../../../..", "x/etc"), ("/etc", "x/made")])
def test_a_sub_path_cannot_leave_its_volume_by_a_symbolic_link(ns, target, path):
    init = {"name": "init", "image": "busybox:1", "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            "command": ["ln", "-s", target, "/v/x"]}
    ns.create(with_volume("a", {"emptyDir": {}}, mount={"subPath": path}, initContainers=[init]))
    value = ns.wait("a", lambda p: waiting_reason(p) == "CreateContainerConfigError")
    assert "leads out of the volume" in container(value)["state"]["waiting"]["message"]
    assert not os.path.exists("/etc/made")


def test_mounts_travel_between_containers_when_asked_to(ns):
    value = with_volume("a", {"emptyDir": {}}, "mkdir -p /v/m; mount -t tmpfs none /v/m; touch /v/m/seen; " + FOREVER,
                        mount={"mountPropagation": "Bidirectional"}, container={"securityContext": {"privileged": True}})
    value["spec"]["containers"].append({
        "name": "b", "image": "busybox:1", "command": ["sh", "-c", f"while [ ! -e /v/m/seen ]; do sleep 0.1; done; {FOREVER}"],
        "readinessProbe": {"exec": {"command": ["test", "-e", "/v/m/seen"]}, "periodSeconds": 1},
        "volumeMounts": [{"name": "v", "mountPath": "/v", "mountPropagation": "HostToContainer"}]})
    ns.create(value)
    value = ns.wait("a", is_ready)
    ns.kubectl("delete", "pod", "a")
    eventually(lambda: not ns.cluster.files_about(value["metadata"]["uid"]), 10, "the removal of the Pod's files")


def test_the_group_of_the_pods_files(ns):
    log = once(ns, {"emptyDir": {}}, "id -G; touch /v/x; ls -ln /v; ls -ldn /v",
               securityContext={"runAsUser": 1000, "runAsGroup": 3000, "fsGroup": 2000, "supplementalGroups": [4000]})
    groups, total, entry, directory = log.strip().split("\n")
    assert sorted(groups.split()) == ["2000", "3000", "4000"]
    assert entry.split()[2:4] == ["1000", "2000"] and directory.split()[3] == "2000" and "rws" in directory


# Claims

def persistent_volume(name, source, **spec):
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": {
        "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "manual", **source, **spec}}


def claim(name, volume, owner=None, **spec):
    metadata = {"name": name}
    if owner:
        metadata["ownerReferences"] = [{"apiVersion": "v1", "kind": "Pod", "controller": True, **owner}]
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "manual", "volumeName": volume,
        "resources": {"requests": {"storage": "1Gi"}}, **spec}}


def bind(ns, volume, name):
    """What the volume controller does, where there is none."""
    uid = ns.get("pvc", name)["metadata"]["uid"]
    ns.api.patch(f"/api/v1/persistentvolumes/{volume}", {"spec": {"claimRef": {
        "kind": "PersistentVolumeClaim", "namespace": ns.name, "name": name, "uid": uid}}})
    ns.api.patch(ns.path("persistentvolumeclaims", name) + "/status", {"status": {"phase": "Bound"}})


@pytest.fixture
def volume(ns):
    """Makes PersistentVolumes that are gone after the test."""
    made = []

    def make(source, **spec):
        made.append(f"{ns.name}-{len(made)}")
        ns.create(persistent_volume(made[-1], source, **spec))
        return made[-1]

    yield make
    for name in made:
        ns.cluster.kubectl_result("delete", "pv", name, "--wait=false")


def affinity(ns):
    node = ns.api.get("/api/v1/nodes").json["items"][0]["metadata"]["name"]
    return {"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
        {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}}}


def bound_to_node(ns, value):
    """Past the scheduler, which waits for claims by itself."""
    value["spec"]["nodeName"] = ns.api.get("/api/v1/nodes").json["items"][0]["metadata"]["name"]
    return value


def test_a_pod_waits_for_its_claim_and_then_has_its_files(ns, volume, tmp_path):
    name = volume({"hostPath": {"path": str(tmp_path)}})
    ns.create(claim("data", name))
    ns.create(bound_to_node(ns, with_volume("a", {"persistentVolumeClaim": {"claimName": "data"}}, "echo kept > /v/file",
                                            restartPolicy="Never")))
    if ns.get("pvc", "data").get("status", {}).get("phase") != "Bound":
        bind(ns, name, "data")
    ns.wait("a", lambda p: phase(p) == "Succeeded")
    assert (tmp_path / "file").read_text() == "kept\n"


def test_a_claim_that_is_not_bound_is_told(ns):
    ns.create(claim("data", f"{ns.name}-none"))
    ns.create(bound_to_node(ns, with_volume("a", {"persistentVolumeClaim": {"claimName": "data"}})))
    assert f"PVC {ns.name}/data is not bound" in ns.event("a", "FailedMount")


def test_a_local_volume_is_given_to_the_pods_group_and_may_be_read_only(ns, volume, tmp_path):
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir/file").write_text("x")
    os.symlink("/etc/hostname", tmp_path / "link")
    name = volume({"local": {"path": str(tmp_path)}}, **affinity(ns))
    ns.create(claim("data", name))
    bind(ns, name, "data")
    source = {"persistentVolumeClaim": {"claimName": "data"}}
    ns.create(bound_to_node(ns, with_volume("a", source, "ls -ln /v/dir/file; ls -ldn /v/dir", restartPolicy="Never",
                                            securityContext={"fsGroup": 2000})))
    file, directory = said(ns, "a").strip().split("\n")
    assert file.split()[3] == "2000" and file.startswith("-rw-rw-") and directory.split()[0][4:7] == "rws"
    assert os.stat("/etc/hostname").st_gid == 0
    source["persistentVolumeClaim"]["readOnly"] = True
    ns.create(bound_to_node(ns, with_volume("b", source, "touch /v/x 2>&1 || true", restartPolicy="Never")))
    assert "Read-only file system" in said(ns, "b")


def test_a_claim_of_the_pods_own_must_be_its_own(ns, volume, tmp_path):
    name = volume({"hostPath": {"path": str(tmp_path)}})
    template = {"ephemeral": {"volumeClaimTemplate": {"spec": claim("", name)["spec"]}}}
    ns.create(claim("a-v", name))
    bind(ns, name, "a-v")
    ns.create(bound_to_node(ns, with_volume("a", template)))
    assert "pod is not owner" in ns.event("a", "FailedMount")
    uid = ns.get("pod", "a")["metadata"]["uid"]
    ns.api.patch(ns.path("persistentvolumeclaims", "a-v"), {"metadata": {"ownerReferences": [
        {"apiVersion": "v1", "kind": "Pod", "controller": True, "name": "a", "uid": uid}]}})
    ns.wait("a", is_ready, timeout=40)


def test_a_local_block_volume_is_a_device(ns, volume, tmp_path):
    image = tmp_path / "disk"
    image.write_bytes(b"hello" + bytes(1 << 20))
    made = subprocess.run(["losetup", "--find", "--show", image], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no loop devices here: {made.stderr}")
    device = made.stdout.strip()
    try:
        name = volume({"local": {"path": device}, "volumeMode": "Block"}, **affinity(ns))
        ns.create(claim("data", name, volumeMode="Block"))
        bind(ns, name, "data")
        ns.create(bound_to_node(ns, pod(
            "a", script="head -c 5 /dev/disk", restartPolicy="Never",
            volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}],
            container={"volumeDevices": [{"name": "v", "devicePath": "/dev/disk"}]})))
        assert said(ns, "a") == "hello"
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


def test_binary_data_arrives_as_it_is(ns):
    ns.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"k": base64_text("a\n")}})
    assert once(ns, {"secret": {"secretName": "s", "defaultMode": 0o400}}, "ls -lL /v/k; cat /v/k").endswith("a\n")
