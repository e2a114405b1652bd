"""The Pod Security Standards: what the labels of a namespace refuse, and what they warn of."""
import pytest
from segler import pod

LABEL = "pod-security.kubernetes.io/"
RESTRICTED = {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}
CONTAINER = {"securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}


def label(ns, *labels):
    return ns.cluster.kubectl_result("label", "--overwrite", "namespace", ns.name, *(LABEL + text for text in labels))


def refused(ns, value):
    return ns.kubectl_refused("create", "-f", "-", input=value)


# What a Pod has besides an image: of its spec, of its container, what the baseline level says of it.
BASELINE = [
    ({"hostNetwork": True, "hostPID": True}, {}, "host namespaces (hostNetwork=true, hostPID=true)"),
    ({}, {"securityContext": {"privileged": True}},
     'privileged (container "p" must not set securityContext.privileged=true)'),
    ({}, {"securityContext": {"capabilities": {"add": ["NET_ADMIN", "CHOWN"]}}},
     'non-default capabilities (container "p" must not include "NET_ADMIN" in securityContext.capabilities.add)'),
    ({"volumes": [{"name": "h", "hostPath": {"path": "/"}}]}, {}, 'hostPath volumes (volume "h")'),
    ({}, {"ports": [{"containerPort": 80, "hostPort": 8080}]},
     'hostPort (container "p" uses hostPort 8080)'),
    ({}, {"livenessProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 80}}},
     'probe or lifecycle host (container "p" uses probe or lifecycle host "10.0.0.1")'),
    ({"securityContext": {"seLinuxOptions": {"type": "spc_t", "user": "u"}}}, {},
     'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)'),
    ({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}, {},
     'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'),
    ({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}, {},
     "forbidden sysctls (kernel.msgmax)"),
    ({"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}, {},
     'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")'),
]


@pytest.mark.parametrize("spec, container, text", BASELINE)
def test_baseline(api_ns, spec, container, text):
    label(api_ns, "enforce=baseline")
    value = pod("p", container=container, **spec)
    assert f'pods "p" is forbidden: violates PodSecurity "baseline:latest": {text}' in refused(api_ns, value)
    label(api_ns, "enforce=privileged")
    api_ns.create(value)


def test_restricted_says_all_that_is_missing(api_ns):
    label(api_ns, "enforce=restricted")
    api_ns.create(pod("fine", container=CONTAINER, **RESTRICTED))
    message = refused(api_ns, pod("p", initContainers=[{"name": "i", "image": "busybox:1"}],
                                  volumes=[{"name": "n", "nfs": {"server": "x", "path": "/"}}]))
    assert ('violates PodSecurity "restricted:latest": '
            'allowPrivilegeEscalation != false (containers "i", "p" must set securityContext.allowPrivilegeEscalation=false), '
            'unrestricted capabilities (containers "i", "p" must set securityContext.capabilities.drop=["ALL"]), '
            'restricted volume types (volume "n" uses restricted volume type "nfs"), '
            'runAsNonRoot != true (pod or containers "i", "p" must set securityContext.runAsNonRoot=true), '
            'seccompProfile (pod or containers "i", "p" must set securityContext.seccompProfile.type to '
            '"RuntimeDefault" or "Localhost")') in message
    root = {**RESTRICTED, "securityContext": {**RESTRICTED["securityContext"], "runAsUser": 0}}
    assert "runAsUser=0 (pod must not set runAsUser=0)" in refused(api_ns, pod("root", container=CONTAINER, **root))


def test_the_version_of_a_policy_decides_which_checks_count(api_ns):
    probe = pod("p", container={"livenessProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 80}}})
    label(api_ns, "enforce=baseline", "enforce-version=v1.33")
    api_ns.create(probe)
    label(api_ns, "enforce-version=v1.34")
    assert 'violates PodSecurity "baseline:v1.34"' in refused(api_ns, {**probe, "metadata": {"name": "q"}})


def test_workloads_are_warned_of_and_made(api_ns):
    label(api_ns, "warn=restricted")
    template = {"metadata": {"labels": {"app": "d"}}, "spec": pod("d")["spec"]}
    template["spec"].pop("terminationGracePeriodSeconds")
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
                  "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "d"}}, "template": template}}
    result = api_ns.kubectl_result("create", "-f", "-", input=deployment)
    assert result.returncode == 0 and 'Warning: would violate PodSecurity "restricted:latest"' in result.stderr
    result = api_ns.kubectl_result("create", "-f", "-", input=pod("p"))
    assert result.returncode == 0 and "Warning: would violate PodSecurity" in result.stderr
    label(api_ns, "warn=privileged")
    assert "Warning" not in api_ns.kubectl_result("create", "-f", "-", input=pod("q")).stderr


def test_a_new_policy_tells_which_pods_break_it(api_ns):
    api_ns.create(pod("a", hostNetwork=True), pod("b", hostNetwork=True), pod("c"))
    result = label(api_ns, "enforce=baseline")
    assert result.returncode == 0
    assert f'existing pods in namespace "{api_ns.name}" violate the new PodSecurity enforce level "baseline:latest"' in result.stderr
    assert "a (and 1 other pod): host namespaces" in result.stderr
    # What was there stays, and can still be changed.
    api_ns.kubectl("label", "pod", "a", "x=y")


def test_labels_that_make_no_sense_are_refused(api_ns):
    error = label(api_ns, "enforce=strict").stderr
    assert 'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict"' in error
    assert "must be one of privileged, baseline, restricted" in error
    assert 'must be "latest" or "v1.x"' in label(api_ns, "warn-version=1.20").stderr
