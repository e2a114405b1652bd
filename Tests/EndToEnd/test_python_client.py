"""The official Python client works unchanged: objects, watch, exec."""
import pytest
from kubernetes import client, config, stream, watch


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
