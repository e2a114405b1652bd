"""Jobs and CronJobs on a real node, as kubectl users see them."""
import json

import pytest
from segler import eventually


def job(name, script, restart="Never", **spec):
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {**spec, "template": {"spec": {
                "restartPolicy": restart, "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "main", "image": "busybox:1", "command": ["sh", "-c", script]}]}}}}


def conditions(value):
    return {c["type"]: c for c in value.get("status", {}).get("conditions", []) if c["status"] == "True"}


def finished(ns, name, condition, timeout=90):
    ns.kubectl("wait", f"job/{name}", f"--for=condition={condition}", f"--timeout={timeout}s", timeout=timeout + 10)
    return ns.get("job", name)


def pods_of(ns, name):
    return json.loads(ns.kubectl("get", "pods", "-l", f"batch.kubernetes.io/job-name={name}", "-o", "json"))["items"]


def test_a_job_completes_and_says_so(ns):
    ns.create(job("pi", "echo 3.14", completions=2, parallelism=2))
    value = finished(ns, "pi", "complete")
    assert value["status"]["succeeded"] == 2
    assert conditions(value)["Complete"]["reason"] == "CompletionsReached"
    assert "3.14" in ns.kubectl("logs", "job/pi")
    assert "2/2" in ns.kubectl("get", "job", "pi")
    assert "Completed" in ns.events("pi") and "SuccessfulCreate" in ns.events("pi")
    pods = pods_of(ns, "pi")
    assert all("finalizers" not in pod["metadata"] for pod in pods)
    ns.kubectl("delete", "job", "pi", "--timeout=30s")
    eventually(lambda: not pods_of(ns, "pi"), what="the end of the Pods")


def test_a_job_fails_at_its_limit(ns):
    ns.create(job("bad", "exit 3", backoffLimit=0))
    value = finished(ns, "bad", "failed")
    assert conditions(value)["Failed"]["reason"] == "BackoffLimitExceeded"
    assert value["status"]["failed"] == 1
    assert "Job has reached the specified backoff limit" in ns.event("bad", "BackoffLimitExceeded")


def test_containers_that_restart_count_too(ns):
    ns.create(job("again", "exit 1", restart="OnFailure", backoffLimit=1))
    assert conditions(finished(ns, "again", "failed"))["Failed"]["reason"] == "BackoffLimitExceeded"


def test_every_index_knows_its_number(ns):
    ns.create(job("shards", "echo index=$JOB_COMPLETION_INDEX host=$(hostname)", completions=3, parallelism=3,
                         completionMode="Indexed"))
    value = finished(ns, "shards", "complete")
    assert value["status"]["completedIndexes"] == "0-2"
    pod = next(p for p in pods_of(ns, "shards")
               if p["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"] == "1")
    assert "index=1 host=shards-1" in ns.kubectl("logs", pod["metadata"]["name"])


def test_a_failure_policy_ends_the_job_at_once(ns):
    ns.create(job("fatal", "exit 42", backoffLimit=6, podFailurePolicy={"rules": [
        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}]}))
    value = finished(ns, "fatal", "failed")
    assert conditions(value)["Failed"]["reason"] == "PodFailurePolicy"
    assert "failed with exit code 42 matching FailJob rule at index 0" in conditions(value)["Failed"]["message"]


def test_a_suspended_job_waits_until_it_is_resumed(ns):
    ns.create(job("later", "true", suspend=True))
    eventually(lambda: "Suspended" in conditions(ns.get("job", "later")), what="the condition Suspended")
    assert not pods_of(ns, "later")
    ns.kubectl("patch", "job", "later", "-p", '{"spec":{"suspend":false}}')
    value = finished(ns, "later", "complete")
    assert value["status"]["startTime"]
    assert "Resumed" in ns.events("later")


def test_a_deadline_stops_a_job_that_runs(ns):
    ns.create(job("slow", "sleep 600", activeDeadlineSeconds=3))
    assert conditions(finished(ns, "slow", "failed"))["Failed"]["reason"] == "DeadlineExceeded"
    eventually(lambda: all(p["status"]["phase"] == "Failed" for p in pods_of(ns, "slow")), what="ended Pods")


def test_a_finished_job_goes_when_its_time_is_up(ns):
    ns.create(job("brief", "true", ttlSecondsAfterFinished=1))
    eventually(lambda: ns.kubectl_result("get", "job", "brief").returncode != 0, 60, "the end of the Job")


def cron_job(name, **spec):
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name},
            "spec": {"schedule": "* * * * *", **spec, "jobTemplate": {"spec": job("x", "date")["spec"]}}}


def test_a_cron_job_runs_and_can_be_started_by_hand(ns):
    ns.create(cron_job("tick", timeZone="Europe/Berlin"), cron_job("asleep", suspend=True))
    ns.kubectl("create", "job", "byhand", "--from=cronjob/tick")
    value = finished(ns, "byhand", "complete")
    assert value["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"

    def ran():
        status = ns.get("cronjob", "tick").get("status", {})
        # The Job made by hand counts as a success of the CronJob too.
        return "lastScheduleTime" in status and "active" not in status and status
    status = eventually(ran, 100, "a run of the schedule")
    assert status["lastScheduleTime"].endswith(":00Z")
    events = ns.events("tick")
    assert "Created job tick-" in events["SuccessfulCreate"] and "SawCompletedJob" in events
    assert not [j for j in json.loads(ns.kubectl("get", "jobs", "-o", "json"))["items"]
                if j["metadata"]["name"].startswith("asleep")]
    assert "Europe/Berlin" in ns.kubectl("get", "cronjob", "tick")


@pytest.mark.parametrize("schedule", ["61 * * * *", "* * * *", "@sometimes"])
def test_a_schedule_that_is_none_is_refused(ns, schedule):
    assert "spec.schedule" in ns.kubectl_refused("create", "-f", "-", input={**cron_job("x", schedule=schedule)})


def test_pods_outlive_a_job_that_is_orphaned_and_can_be_deleted(ns):
    ns.create(job("gone", "sleep 600"))
    eventually(lambda: [p for p in pods_of(ns, "gone") if p["status"]["phase"] == "Running"], 60, "a running Pod")
    ns.kubectl("delete", "job", "gone", "--cascade=orphan", "--timeout=30s")

    def freed():
        pods = pods_of(ns, "gone")
        return pods if not any({"ownerReferences", "finalizers"} & set(p["metadata"]) for p in pods) else None
    assert len(eventually(freed, what="Pods without an owner")) == 1
    ns.kubectl("delete", "pod", "-l", "batch.kubernetes.io/job-name=gone", "--timeout=30s")
