"""Pods that take more of the node's disk than they may are ended, and say why."""
import pytest
from segler import phase

WAITS = "; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"


@pytest.mark.parametrize("where, more, message", [
    ("/v/full", {"volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Mi"}}],
                 "container": {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}},
     'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '),
    ("/tmp/full", {"container": {"resources": {"limits": {"ephemeral-storage": "2Mi"}}}},
     'Container greedy exceeded its local ephemeral storage limit "2Mi". '),
])
def test_a_pod_beyond_its_local_storage_is_evicted(ns, where, more, message):
    ns.run("modest", **more, script="true" + WAITS)
    greedy = {**more, "script": f"mkdir -p /tmp; head -c 5000000 /dev/zero > {where}" + WAITS}
    ns.run("greedy", **greedy)
    ended = ns.wait("greedy", lambda p: phase(p) == "Failed")
    assert (ended["status"]["reason"], ended["status"]["message"]) == ("Evicted", message)
    assert ns.event("greedy", "Evicted").strip() == message.strip()
    assert phase(ns.get("pod", "modest")) == "Running"
