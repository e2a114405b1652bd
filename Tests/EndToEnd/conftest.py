"""What the end to end tests share: running servers, images, a registry."""
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "Images"))
import build as images  # noqa: E402
from segler import BINARY, Segler, eventually, free_port, fresh_namespace, is_ready, run  # noqa: E402

servers = []


def pytest_configure(config):
    if not BINARY.exists():
        pytest.exit(f"no {BINARY}; run `swift build` first, or set SEGLER to the program to test", 2)


def pytest_collection_modifyitems(items):
    # Tests that restart the shared cluster come last, so that what they break breaks nothing else.
    items.sort(key=lambda item: item.get_closest_marker("restarts") is not None)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for server in servers:
            used = any(server in (value, getattr(value, "cluster", None)) for value in item.funcargs.values())
            if used and server.data.exists():
                report.sections.append((f"log of {server.data}", server.log()))


def need_root():
    if os.geteuid() != 0:
        pytest.skip("runs real containers, which needs root")


@pytest.fixture(scope="session")
def new_server():
    """Makes servers that are destroyed at the end whatever happens: new_server(name, node=False)."""
    def make(name, node=False):
        servers.append(Segler(name, node))
        return servers[-1]
    yield make
    for server in servers:
        server.destroy()
    refused = [line for server in servers for line in server.refusals]
    assert not refused, "parts of Segler asked for what their roles do not allow:\n" + "\n".join(refused)


@pytest.fixture(scope="session")
def control_plane(new_server):
    """A server without a node, for tests of the API alone."""
    server = new_server("api")
    server.start()
    return server


@pytest.fixture
def own_server(new_server):
    """A server without a node that only this test uses; not started yet."""
    server = new_server("own")
    yield server
    server.destroy()


@pytest.fixture(scope="session")
def image_archive():
    with tempfile.TemporaryDirectory() as folder:
        yield images.write_layout(list(images.IMAGES), os.path.join(folder, "images.tar"))


@pytest.fixture(scope="session")
def cluster(new_server, image_archive):
    """A server with a node that is Ready and has the test images. One for all tests: a node needs the machine."""
    need_root()
    server = new_server("node", node=True)
    server.start()
    # `ready` is the API's word; the node registers a moment later.
    node = eventually(lambda: server.api.get("/api/v1/nodes").json["items"], what="the node")
    assert len(node) == 1, node
    server.api.wait("/api/v1/nodes", node[0]["metadata"]["name"], is_ready)
    server.import_images(image_archive)
    return server


@pytest.fixture(scope="session")
def services_cluster(new_server, image_archive):
    """As `cluster`, but Pods can reach the API server, and no other server's Services have the same addresses."""
    need_root()
    server = new_server("net", node=True)
    server.start("--listen", f"0.0.0.0:{server.port}", "--service-cidr", "10.112.0.0/16")
    node = eventually(lambda: server.api.get("/api/v1/nodes").json["items"], what="the node")
    server.api.wait("/api/v1/nodes", node[0]["metadata"]["name"], is_ready)
    server.import_images(image_archive)
    return server


@pytest.fixture
def net(services_cluster):
    """A fresh namespace of it."""
    yield from fresh_namespace(services_cluster)


@pytest.fixture
def ns(cluster):
    """A fresh namespace where Pods run."""
    yield from fresh_namespace(cluster)


@pytest.fixture
def api_ns(control_plane):
    """A fresh namespace of the server without a node."""
    yield from fresh_namespace(control_plane)


@pytest.fixture(scope="session")
def registry():
    """The address of an empty registry on localhost, without TLS."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "config.yml")
        config.write_text(f"version: 0.1\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
                          f"storage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n")
        process = subprocess.Popen(["docker-registry", "serve", config], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        eventually(lambda: run("curl", "-sf", f"http://127.0.0.1:{port}/v2/").returncode == 0, what="the registry")
        yield f"127.0.0.1:{port}"
        process.kill()
        process.wait()
