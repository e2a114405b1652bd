"""What happens when a container ends: restartPolicy and back-off."""
import datetime

import pytest
from segler import container, eventually, phase, pod, terminated, waiting_reason


def crasher(name, code=3, **spec):
    return pod(name, "crasher:1", container={"env": [{"name": "EXIT_CODE", "value": str(code)}]}, **spec)


def restarts(value):
    return container(value).get("restartCount", 0)


@pytest.mark.parametrize("policy, code, expected", [
    ("Never", 0, "Succeeded"), ("Never", 3, "Failed"), ("OnFailure", 0, "Succeeded")])
def test_a_pod_that_is_done_stays_done(ns, policy, code, expected):
    ns.create(crasher("job", code, restartPolicy=policy))
    value = ns.wait("job", lambda p: phase(p) in ("Succeeded", "Failed"))
    assert phase(value) == expected and restarts(value) == 0
    end = terminated(value)
    assert end["exitCode"] == code and end["reason"] == ("Completed" if code == 0 else "Error")
    assert end["startedAt"] <= end["finishedAt"]
    shown = ns.kubectl("get", "pod", "job").splitlines()[1].split()
    assert shown[1:3] == ["0/1", "Completed" if code == 0 else "Error"]
    assert "crasher starts" in ns.kubectl("logs", "job")


@pytest.mark.parametrize("policy, code", [("OnFailure", 3), ("Always", 3), ("Always", 0)])
def test_a_container_that_ends_is_restarted(ns, policy, code):
    ns.create(crasher("again", code, restartPolicy=policy))
    value = ns.wait("again", lambda p: restarts(p) >= 1)
    last = container(value)["lastState"]["terminated"]
    assert last["exitCode"] == code and last["containerID"].startswith("containerd://")


def test_a_container_that_keeps_crashing_backs_off_and_says_so(ns):
    ns.create(crasher("loop"))
    value = ns.wait("loop", lambda p: waiting_reason(p) == "CrashLoopBackOff")
    assert phase(value) == "Running"
    assert "back-off 10s restarting failed container=loop" in container(value)["state"]["waiting"]["message"]
    eventually(lambda: ns.kubectl("get", "pod", "loop").splitlines()[1].split()[2] == "CrashLoopBackOff",
               what="CrashLoopBackOff in kubectl's table")
    assert "Back-off restarting failed container loop" in ns.event("loop", "BackOff")
    assert "crasher leaves with 3" in ns.kubectl("logs", "loop", "--previous")


def test_the_second_restart_waits_ten_seconds(ns):
    ns.create(crasher("loop"))
    before = ns.wait("loop", lambda p: waiting_reason(p) == "CrashLoopBackOff")
    after = container(ns.wait("loop", lambda p: restarts(p) > restarts(before)))
    state = after["state"].get("running") or after["state"].get("terminated") or after["lastState"]["terminated"]
    waited = moment(state["startedAt"]) - moment(container(before)["lastState"]["terminated"]["finishedAt"])
    assert 9 <= waited.total_seconds() <= 25


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_one_container_restarts_alone(ns):
    value = crasher("pair")
    value["spec"]["containers"].append({"name": "steady", "image": "busybox:1",
                                        "command": ["sh", "-c", "sleep 1000 & wait"]})
    ns.create(value)

    def of(value, name):
        return next(c for c in value["status"]["containerStatuses"] if c["name"] == name)

    value = ns.wait("pair", lambda p: restarts(p) and of(p, "pair")["restartCount"] == 1)
    assert of(value, "steady")["restartCount"] == 0 and "running" in of(value, "steady")["state"]
    assert phase(value) == "Running"


def test_a_pod_fails_when_its_deadline_passes(ns):
    ns.create(pod("slow", script="sleep 1000 & wait", activeDeadlineSeconds=2))
    value = ns.wait("slow", lambda p: phase(p) == "Failed")
    assert value["status"]["reason"] == "DeadlineExceeded"
