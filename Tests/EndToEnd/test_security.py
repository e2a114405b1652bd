"""What the processes of a Pod may do, and as whom they run."""
import os

import pytest
from segler import container, is_ready, phase, pod, waiting_reason

FOREVER = "trap 'exit 0' TERM; sleep 1000 & wait"


def said(ns, script, security=None, **spec):
    """The log of a Pod that runs the script to its end."""
    ns.create(pod("a", script=script, restartPolicy="Never", container={"securityContext": security or {}}, **spec))
    ns.wait("a", lambda p: phase(p) == "Succeeded")
    return ns.kubectl("logs", "a")


def capabilities(log):
    return int(next(line for line in log.splitlines() if line.startswith("CapEff")).split()[1], 16)


def test_a_container_runs_as_its_own_user_before_the_pods(ns):
    assert said(ns, "id -u; id -g", {"runAsUser": 1001}, securityContext={"runAsUser": 1000, "runAsGroup": 3000}) == \
        "1001\n3000\n"


@pytest.mark.parametrize("image, security, message", [
    ("busybox:1", {"runAsNonRoot": True}, "container has runAsNonRoot and image will run as root"),
    ("busybox:1", {"runAsNonRoot": True, "runAsUser": 0}, "container's runAsUser breaks non-root policy"),
    ("settings:1", {"runAsNonRoot": True}, None), ("busybox:1", {"runAsNonRoot": True, "runAsUser": 7}, None)])
def test_who_must_not_be_root_is_checked_with_the_images_user(ns, image, security, message):
    ns.create(pod("a", image, script=FOREVER, container={"securityContext": security}))
    if not message:
        ns.wait("a", is_ready)
        return
    value = ns.wait("a", lambda p: waiting_reason(p) == "CreateContainerConfigError")
    assert message in container(value)["state"]["waiting"]["message"]
    assert message in ns.event("a", "Failed")


@pytest.mark.parametrize("security, has, lacks", [
    ({}, [10], [12, 21]), ({"capabilities": {"add": ["NET_ADMIN"], "drop": ["NET_BIND_SERVICE"]}}, [12], [10]),
    ({"capabilities": {"drop": ["ALL"]}}, [], [10, 12, 0]), ({"privileged": True}, [10, 12, 21], [])],
    ids=["default", "add-drop", "none", "privileged"])
def test_capabilities(ns, security, has, lacks):
    found = capabilities(said(ns, "grep Cap /proc/self/status", security))
    assert all(found >> bit & 1 for bit in has) and not any(found >> bit & 1 for bit in lacks)


def test_privilege_escalation_seccomp_and_a_read_only_root(ns):
    log = said(ns, "grep -e NoNewPrivs -e ^Seccomp: /proc/self/status; touch /x 2>&1 || true", {
        "allowPrivilegeEscalation": False, "seccompProfile": {"type": "RuntimeDefault"}, "readOnlyRootFilesystem": True})
    assert "NoNewPrivs:\t1" in log and "Seccomp:\t2" in log and "Read-only file system" in log


def test_a_seccomp_profile_of_the_nodes_own(ns):
    directory = ns.cluster.data / "seccomp"
    directory.mkdir(exist_ok=True)
    (directory / "no-chmod.json").write_text(
        '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO"}]}')
    profile = {"seccompProfile": {"type": "Localhost", "localhostProfile": "no-chmod.json"}}
    assert "not permitted" in said(ns, "chmod 700 /tmp 2>&1; true", profile)


def test_a_privileged_container_sees_the_hosts_devices(ns):
    assert "kmsg" in said(ns, "ls /dev", {"privileged": True})


def test_sysctls_are_set_and_unsafe_ones_refused(ns):
    assert said(ns, "cat /proc/sys/net/ipv4/ip_local_port_range", securityContext={"sysctls": [
        {"name": "net.ipv4.ip_local_port_range", "value": "30000 30100"}]}).split() == ["30000", "30100"]
    ns.create(pod("b", script="true", securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "65536"}]}))
    value = ns.wait("b", lambda p: phase(p) == "Failed")
    assert value["status"]["reason"] == "SysctlForbidden"
    assert value["status"]["message"] == 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'
    assert ns.event("b", "SysctlForbidden")


def test_what_this_node_cannot_do_is_refused(ns):
    ns.create(pod("strict", script="true", securityContext={"supplementalGroupsPolicy": "Strict"}))
    ns.create(pod("users", script="true", hostUsers=False))
    value = ns.wait("strict", lambda p: phase(p) in ("Failed", "Running"))
    # Newer runtimes can.
    if phase(value) == "Failed":
        assert value["status"]["reason"] == "SupplementalGroupsPolicyNotSupported"
    assert "hostUsers" in ns.event("users", "FailedCreatePodSandBox")


@pytest.mark.parametrize("spec, processes", [({}, "1"), ({"shareProcessNamespace": True}, "pause"), ({"hostPID": True}, "host")])
def test_process_namespaces(ns, spec, processes):
    log = said(ns, "echo me $$$$; cat /proc/1/cmdline | tr '\\0' ' '", **spec)
    if processes == "1":
        assert "me 1\n" in log
    elif processes == "pause":
        assert "me 1\n" not in log and "pause" in log
    else:
        with open("/proc/1/cmdline") as f:
            assert f.read().split("\0")[0] in log


@pytest.mark.parametrize("field, space", [("hostNetwork", "net"), ("hostIPC", "ipc")])
def test_host_namespaces(ns, field, space):
    assert said(ns, f"readlink /proc/self/ns/{space}", **{field: True}).strip() == os.readlink(f"/proc/self/ns/{space}")


def test_an_account_token_is_mounted_unless_refused(ns):
    path = "/var/run/secrets/kubernetes.io/serviceaccount"
    assert said(ns, f"cd {path}; ls ca.crt namespace token; cat namespace") == f"ca.crt\nnamespace\ntoken\n{ns.name}"
    ns.create(pod("b", script=f"ls {path} 2>&1; true", restartPolicy="Never", automountServiceAccountToken=False))
    ns.wait("b", lambda p: phase(p) == "Succeeded")
    assert "No such file" in ns.kubectl("logs", "b")


def test_proc_is_masked(ns):
    log = said(ns, "wc -c < /proc/keys; echo 1 > /proc/sys/kernel/panic 2>&1 || true; grep -c /proc/keys /proc/mounts")
    # Standard error may come before or after.
    assert {"0", "1"} <= set(log.splitlines()) and "Read-only" in log
