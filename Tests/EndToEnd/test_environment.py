"""What the programs of a Pod find around them: variables, names, resolv.conf."""
import pytest
from segler import config_map, container, is_ready, phase, pod, waiting_reason

FOREVER = "trap 'exit 0' TERM; sleep 1000 & wait"


def said(ns, name, **more):
    """The log of a Pod that runs to its end."""
    ns.wait(name, lambda p: phase(p) == "Succeeded", **more)
    return ns.kubectl("logs", name)


def service(name, *ports, **spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": name}, "ports": list(ports), **spec}}


def test_whole_objects_become_variables_with_a_prefix(ns):
    ns.create(config_map("settings", {"COLOUR": "blue", "SIZE": "1"}))
    ns.kubectl("create", "secret", "generic", "keys", "--from-literal=CODE=1234")
    ns.create(pod("a", script="env | grep ^X_ | sort; echo $SIZE", restartPolicy="Never", container={
        "envFrom": [{"prefix": "X_", "configMapRef": {"name": "settings"}}, {"prefix": "X_", "secretRef": {"name": "keys"}},
                    {"configMapRef": {"name": "none", "optional": True}}],
        "env": [{"name": "SIZE", "value": "$(X_SIZE)0 $$(X_SIZE) $(NONE)"}]}))
    assert said(ns, "a") == "X_CODE=1234\nX_COLOUR=blue\nX_SIZE=1\n10 $(X_SIZE) $(NONE)\n"


def test_fields_and_resources_become_variables(ns):
    def field(path):
        return {"valueFrom": {"fieldRef": {"fieldPath": path}}}
    ns.create(pod("a", labels={"app": "x"}, restartPolicy="Never", script='echo "$NS $APP $NODE $ACCOUNT $CPU $MEMORY"; '
                  'test -n "$HOST" && test -n "$UID_"', container={
                      "resources": {"limits": {"cpu": "250m", "memory": "32Mi"}},
                      "env": [{"name": "NS", **field("metadata.namespace")}, {"name": "APP", **field("metadata.labels['app']")},
                              {"name": "NODE", **field("spec.nodeName")}, {"name": "HOST", **field("status.hostIP")},
                              {"name": "UID_", **field("metadata.uid")},
                              {"name": "ACCOUNT", **field("spec.serviceAccountName")},
                              {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
                              {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "requests.memory",
                                                                                    "divisor": "1Mi"}}}]}))
    assert said(ns, "a") == f"{ns.name} x {ns.get('pod', 'a')['spec']['nodeName']} default 250 32\n"


def test_variables_come_from_a_file_that_another_container_wrote(ns):
    reference = {"volumeName": "v", "path": "my.env", "key": "A"}
    ns.create(pod("a", script='echo "$A,$B"', restartPolicy="Never", volumes=[{"name": "v", "emptyDir": {}}], initContainers=[
        {"name": "init", "image": "busybox:1", "command": ["sh", "-c", "echo \"# c\nA='one two'\" > /v/my.env"],
         "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
        container={"env": [{"name": "A", "valueFrom": {"fileKeyRef": reference}},
                           {"name": "B", "valueFrom": {"fileKeyRef": {**reference, "key": "B", "optional": True}}}]}))
    assert said(ns, "a") == "one two,\n"
    ns.create(pod("b", script="true", volumes=[{"name": "v", "emptyDir": {}}],
                  container={"env": [{"name": "A", "valueFrom": {"fileKeyRef": reference}}]}))
    ns.wait("b", lambda p: waiting_reason(p) == "CreateContainerConfigError")
    assert "my.env" in container(ns.get("pod", "b"))["state"]["waiting"]["message"]


def test_services_become_variables_unless_not_wanted(ns):
    ns.create(service("my-db", {"name": "sql", "port": 5432}, {"name": "admin-ui", "port": 80, "protocol": "TCP"}))
    ns.create(service("headless", {"port": 1}, clusterIP="None"))
    address = ns.get("service", "my-db")["spec"]["clusterIP"]
    script = "env | grep -e ^MY_DB -e ^HEADLESS | sort"
    ns.create(pod("a", script=script, restartPolicy="Never"),
              pod("b", script=f"{script}; true", restartPolicy="Never", enableServiceLinks=False))
    assert said(ns, "a").splitlines() == sorted([
        f"MY_DB_SERVICE_HOST={address}", "MY_DB_SERVICE_PORT=5432", "MY_DB_SERVICE_PORT_SQL=5432",
        "MY_DB_SERVICE_PORT_ADMIN_UI=80", f"MY_DB_PORT=tcp://{address}:5432",
        *(line for port in (5432, 80) for line in (
            f"MY_DB_PORT_{port}_TCP=tcp://{address}:{port}", f"MY_DB_PORT_{port}_TCP_PROTO=tcp",
            f"MY_DB_PORT_{port}_TCP_PORT={port}", f"MY_DB_PORT_{port}_TCP_ADDR={address}"))])
    assert said(ns, "b") == ""


@pytest.mark.parametrize("spec, hostname, fqdn", [
    ({}, "a", None), ({"hostname": "other"}, "other", None),
    ({"hostname": "h", "subdomain": "s"}, "h", "h.s.{}.svc.cluster.local"),
    ({"hostname": "h", "subdomain": "s", "setHostnameAsFQDN": True}, "h.s.{}.svc.cluster.local", None),
    ({"hostnameOverride": "over.example.com"}, "over.example.com", None)],
    ids=["name", "hostname", "subdomain", "fqdn", "override"])
def test_the_host_name_is_as_asked(ns, spec, hostname, fqdn):
    ns.create(pod("a", script="hostname; cat /etc/hosts", restartPolicy="Never", **spec))
    log = said(ns, "a")
    assert log.splitlines()[0] == hostname.format(ns.name)
    if fqdn:
        assert fqdn.format(ns.name) in log


def test_a_host_name_that_is_too_long_is_told(ns):
    ns.create(pod("a", script="true", hostname="h" * 60, subdomain="s", setHostnameAsFQDN=True))
    assert "64 characters is the max" in ns.event("a", "FailedCreatePodSandBox")


def test_host_aliases_and_dns_settings_are_written(ns):
    ns.create(pod("a", script="cat /etc/hosts /etc/resolv.conf", restartPolicy="Never", dnsPolicy="None",
                  hostAliases=[{"ip": "10.9.8.7", "hostnames": ["one", "two"]}],
                  dnsConfig={"nameservers": ["192.0.2.53"], "searches": ["my.example"],
                             "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}]}))
    log = said(ns, "a")
    for line in ("10.9.8.7\tone\ttwo", "nameserver 192.0.2.53", "search my.example", "options ndots:2 edns0"):
        assert line in log


@pytest.mark.parametrize("source, message", [
    ({"secretKeyRef": {"name": "late", "key": "code"}}, 'secret "late" not found'),
    ({"configMapKeyRef": {"name": "late", "key": "code"}}, 'configmap "late" not found')], ids=["secret", "configmap"])
def test_a_missing_object_or_key_is_named_and_the_container_starts_when_it_appears(ns, source, message):
    ns.create(pod("a", script=FOREVER, container={"env": [{"name": "A", "valueFrom": source}]}))
    ns.wait("a", lambda p: waiting_reason(p) == "CreateContainerConfigError")
    assert container(ns.get("pod", "a"))["state"]["waiting"]["message"] == message
    kind = ["secret", "generic"] if "secretKeyRef" in source else ["configmap"]
    ns.kubectl("create", *kind, "late", "--from-literal=other=1")
    ns.wait("a", lambda p: "couldn't find key code" in container(p)["state"].get("waiting", {}).get("message", ""), timeout=5)
    ns.api.patch(ns.path(kind[0] + "s", "late"), {"data": {"code": "MQ=="}})
    # Without a watch it would be tried again only now and then.
    ns.wait("a", is_ready, timeout=5)
