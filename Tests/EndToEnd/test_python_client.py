"""The official Python client works unchanged: objects, watch, exec."""
import json
import os
import pathlib
import sys

import pytest
from kubernetes import client, config, stream, watch
from segler import pod


@pytest.fixture
def core(api_ns):
    return client.CoreV1Api(config.new_client_from_config(str(api_ns.cluster.kubeconfig)))


def test_objects_and_errors(core, api_ns):
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="from-python"), data={"a": "1"})
    created = core.create_namespaced_config_map(api_ns.name, body)
    assert created.metadata.uid
    core.patch_namespaced_config_map("from-python", api_ns.name, {"data": {"b": "2"}})
    assert core.read_namespaced_config_map("from-python", api_ns.name).data == {"a": "1", "b": "2"}
    core.delete_namespaced_config_map("from-python", api_ns.name)
    with pytest.raises(client.ApiException) as refused:
        core.read_namespaced_config_map("from-python", api_ns.name)
    assert refused.value.status == 404


def test_watch(core, api_ns):
    start = core.list_namespaced_config_map(api_ns.name).metadata.resource_version
    for name in ("a", "b"):
        core.create_namespaced_config_map(api_ns.name, client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name)))
    watcher, seen = watch.Watch(), []
    for event in watcher.stream(core.list_namespaced_config_map, api_ns.name, resource_version=start,
                                timeout_seconds=10):
        seen.append((event["type"], event["object"].metadata.name))
        if len(seen) == 2:
            watcher.stop()
    assert seen == [("ADDED", "a"), ("ADDED", "b")]


def test_exec(ns):
    ns.run("shell", script="trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done")
    core = client.CoreV1Api(config.new_client_from_config(str(ns.cluster.kubeconfig)))
    channel = stream.stream(core.connect_get_namespaced_pod_exec, "shell", ns.name,
                            command=["sh", "-c", "read line; echo out $line; echo err >&2; exit 4"],
                            stdin=True, stdout=True, stderr=True, tty=False, _preload_content=False)
    channel.write_stdin("hello\n")
    channel.run_forever(timeout=20)
    assert channel.read_stdout() == "out hello\n" and channel.read_stderr() == "err\n"
    assert channel.returncode == 4


INSIDE = """
import json
from kubernetes import client, config
config.load_incluster_config()
core, said = client.CoreV1Api(), {}
namespace = open("/var/run/secrets/kubernetes.io/serviceaccount/namespace").read()
def ask(name, question):
    try:
        said[name] = question()
    except client.ApiException as error:
        said[name] = error.status
ask("pods", lambda: [pod.metadata.name for pod in core.list_namespaced_pod(namespace).items])
ask("made", lambda: core.create_namespaced_config_map(namespace, {"metadata": {"name": "made"}}).metadata.name)
ask("secrets", lambda: core.list_namespaced_secret(namespace).kind)
ask("delete", lambda: core.delete_namespaced_pod("app", namespace).kind)
ask("others", lambda: core.list_namespaced_pod("kube-system").kind)
ask("all", lambda: core.list_pod_for_all_namespaces().kind)
ask("nodes", lambda: core.list_node().kind)
print(json.dumps(said), flush=True)
"""


def test_an_app_in_a_pod_may_do_what_its_roles_say(net):
    """This machine's Python and the client's packages are mounted into the container; the rest is the cluster's."""
    net.kubectl("create", "serviceaccount", "app")
    net.kubectl("create", "role", "app", "--verb=get,list,create", "--resource=pods,configmaps")
    net.kubectl("create", "rolebinding", "app", "--role=app", f"--serviceaccount={net.name}:app")
    packages = str(pathlib.Path(client.__file__).parents[2])
    places = {"/usr": "/usr", "/lib": "/lib", "/lib64": "/lib64", packages: packages}
    if not sys.base_prefix.startswith("/usr"):
        places[sys.base_prefix] = sys.base_prefix
    volumes = [{"name": f"v{i}", "hostPath": {"path": os.path.realpath(place)}} for i, place in enumerate(places)]
    mounts = [{"name": f"v{i}", "mountPath": place, "readOnly": True} for i, place in enumerate(places)]
    python = os.path.realpath(sys.executable)
    net.create(pod("app", serviceAccountName="app", restartPolicy="Never", volumes=volumes, container={
        "command": [python, "-c", INSIDE], "volumeMounts": mounts, "env": [{"name": "PYTHONPATH", "value": packages}]}))
    done = net.wait("app", lambda value: value and value["status"]["phase"] in ("Succeeded", "Failed"))
    log = net.kubectl("logs", "app")
    assert done["status"]["phase"] == "Succeeded", log
    assert json.loads(log) == {"pods": ["app"], "made": "made", "secrets": 403, "delete": 403, "others": 403, "all": 403,
                               "nodes": 403}
    assert net.get("configmap", "made")["metadata"]["name"] == "made"
