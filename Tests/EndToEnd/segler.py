"""Starts a Segler of a test's own, talks to it through kubectl and over raw TLS, and leaves nothing behind."""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("SEGLER", ROOT / ".build/debug/segler")).resolve()

# Whoever ends the tests with SIGTERM gets what Ctrl-C does: the servers are destroyed first.
signal.signal(signal.SIGTERM, signal.default_int_handler)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*arguments, timeout=60, **options):
    """A command that ends by itself; both outputs as text."""
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, errors="replace", timeout=timeout,
                          **options)


def hunt(address, *options):
    """What kube-hunter finds as somebody from outside who tries everything: the services, and numbers of vulnerabilities."""
    environment = {key: value for key, value in os.environ.items() if not key.endswith("CA_BUNDLE")}
    done = run(ROOT / ".build-venv/hunter/bin/kube-hunter", "--remote", address, "--active", "--log", "none", "--report", "json",
               *options, timeout=180, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return {service["service"] for service in found["services"]}, {entry["vid"] for entry in found["vulnerabilities"]}


def eventually(check, timeout=30, what="it"):
    """The first true answer of `check`. For things that send no event: processes, files, kubectl's output."""
    deadline = time.monotonic() + timeout
    while True:
        if answer := check():
            return answer
        assert time.monotonic() < deadline, f"{what} did not happen within {timeout} s"
        time.sleep(0.05)


class Lines:
    """The lines of a running command's output, as they come."""

    def __init__(self, stream):
        self.seen, self.queue = [], queue.Queue()

        def read():
            for line in stream:
                self.queue.put(line.rstrip("\r\n"))
            self.queue.put(None)

        threading.Thread(target=read, daemon=True).start()

    def next(self, timeout=30):
        """The next line; None at the end of the output."""
        try:
            line = self.queue.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no further line within {timeout} s after {self.seen}") from None
        self.seen.append(line)
        return line

    def until(self, text, timeout=30):
        """Reads on to a line that contains `text` and returns it."""
        deadline = time.monotonic() + timeout
        while (line := self.next(max(0.1, deadline - time.monotonic()))) is not None:
            if text in line:
                return line
        raise AssertionError(f"the output ended without '{text}': {self.seen}")


class Answer:
    """What the API answered: the code, the headers and the decoded body."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, headers, body.decode()

    @property
    def json(self):
        return json.loads(self.text)

    def __repr__(self):
        return f"{self.status} {self.text[:2000]}"


class API:
    """A client of the API over TLS that verifies the server's certificate; one connection a request."""

    def __init__(self, port, ca, token):
        self.port, self.token = port, token
        self.context = ssl.create_default_context(cafile=ca)

    def connect(self, timeout=30):
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=timeout)

    def headers(self, token=None, **extra):
        token = self.token if token is None else token
        return {**({"Authorization": f"Bearer {token}"} if token else {}), **extra}

    def request(self, method, path, body=None, token=None, content_type="application/json", accept=None, headers=None):
        """`token=""` asks as nobody."""
        headers = {**self.headers(token), **(headers or {})}
        if body is not None:
            headers["Content-Type"] = content_type
            body = body if isinstance(body, (str, bytes)) else json.dumps(body)
        if accept:
            headers["Accept"] = accept
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body, **options):
        return self.request("POST", path, body, **options)

    def put(self, path, body, **options):
        return self.request("PUT", path, body, **options)

    def delete(self, path, body=None, **options):
        return self.request("DELETE", path, body, **options)

    def patch(self, path, body, kind="merge-patch", **options):
        return self.request("PATCH", path, body, content_type=f"application/{kind}+json", **options)

    @contextlib.contextmanager
    def watch(self, path, timeout=30, **query):
        """Yields an iterator over watch events; a socket that stays silent for `timeout` seconds is an error."""
        with contextlib.closing(self.connect(timeout)) as connection:
            connection.request("GET", f"{path}?{urllib.parse.urlencode({'watch': 'true', **query})}",
                               headers=self.headers())
            response = connection.getresponse()
            assert response.status == 200, response.read().decode()
            yield (json.loads(line) for line in response)

    def wait(self, collection, name, condition, timeout=60):
        """Watches the object `name` of a collection until `condition(object)` holds; None stands for no object."""
        selector = f"metadata.name={name}"
        listed = self.get(f"{collection}?fieldSelector={urllib.parse.quote(selector)}")
        assert listed.status == 200, listed
        found = next(iter(listed.json["items"]), None)
        deadline = time.monotonic() + timeout
        if condition(found):
            return found
        revision = listed.json["metadata"]["resourceVersion"]
        try:
            with self.watch(collection, timeout, fieldSelector=selector, resourceVersion=revision) as events:
                for event in events:
                    assert event["type"] != "ERROR", event
                    found = None if event["type"] == "DELETED" else event["object"]
                    if condition(found):
                        return found
                    if time.monotonic() > deadline:
                        break
        except TimeoutError:
            pass
        raise AssertionError(f"{collection}/{name} did not get there within {timeout} s; it is {json.dumps(found)}")


class Segler:
    """One `segler server` with its own data directory and port."""

    def __init__(self, name, node=False):
        # Short, because the runtime's socket lies below it and such paths have at most 107 bytes.
        self.data = pathlib.Path(tempfile.mkdtemp(prefix=f"segler-{name}-", dir="/tmp"))
        self.node, self.port, self.process, self.lines = node, free_port(), None, []
        self.refusals = []
        # None: what the program chooses by itself.
        self.kubelet_port = 0
        self.url = f"https://127.0.0.1:{self.port}"

    # The process

    def command(self, *more):
        return [str(BINARY), "server", "--data-dir", str(self.data), "--listen", f"127.0.0.1:{self.port}",
                *([] if self.node else ["--no-node"]),
                *(["--kubelet-port", str(self.kubelet_port)] if self.node and self.kubelet_port is not None else []),
                *map(str, more)]

    def start(self, *more, timeout=60):
        """Starts it, waits for the line that begins with `ready`, and returns how long that took in seconds."""
        ready, started = threading.Event(), time.monotonic()
        self.errors = open(self.data / "test-stderr.log", "ab")
        # A session of its own, so that what is typed at the test's terminal does not reach it.
        self.process = process = subprocess.Popen(
            self.command(*more), stdout=subprocess.PIPE, stderr=self.errors, text=True, start_new_session=True)

        def read():
            for line in process.stdout:
                self.lines.append(line.rstrip("\n"))
                if line.startswith("ready"):
                    ready.set()
            ready.set()  # It has ended: nobody need wait longer.

        threading.Thread(target=read, daemon=True).start()
        in_time = ready.wait(timeout)
        took = time.monotonic() - started
        assert in_time, f"not ready within {timeout} s\n{self.log()}"
        assert any(line.startswith("ready") for line in self.lines), f"ended before it was ready\n{self.log()}"
        return took

    def stop(self, how=signal.SIGTERM, timeout=30):
        """Sends a signal, waits for the end and returns the exit code."""
        self.note_refusals()
        self.process.send_signal(how)
        code = self.process.wait(timeout)
        self.lines.clear()
        return code

    def running(self):
        return self.process is not None and self.process.poll() is None

    def log(self, lines=60):
        """The end of what the server said, for the report of a failed test."""
        text = (self.data / "test-stderr.log").read_text(errors="replace").splitlines()
        return "\n".join(["--- standard output", *self.lines[-lines:], "--- standard error", *text[-lines:]])

    # Talking to it

    @property
    def kubeconfig(self):
        return self.data / "admin.kubeconfig"

    @property
    def token(self):
        return (self.data / "admin.token").read_text().strip()

    @property
    def api(self):
        return API(self.port, self.data / "pki/ca.crt", self.token)

    @property
    def environment(self):
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "HOME": str(self.data),
                "KUBECACHEDIR": str(self.data / "kubectl-cache")}

    def kubectl_arguments(self, *arguments):
        return ["kubectl", "--cache-dir", str(self.data / "kubectl-cache"), *map(str, arguments)]

    def kubectl_result(self, *arguments, input=None, timeout=60):
        if isinstance(input, (dict, list)):
            input = json.dumps(input)
        return run(*self.kubectl_arguments(*arguments), input=input, timeout=timeout, env=self.environment)

    def kubectl(self, *arguments, input=None, timeout=60):
        """Standard output of a kubectl that must succeed. `input` may be text or an object."""
        result = self.kubectl_result(*arguments, input=input, timeout=timeout)
        assert result.returncode == 0, f"kubectl {' '.join(map(str, arguments))}: {result.stderr}{result.stdout}"
        return result.stdout

    def kubectl_refused(self, *arguments, input=None, timeout=60):
        """Standard error of a kubectl that must fail."""
        result = self.kubectl_result(*arguments, input=input, timeout=timeout)
        assert result.returncode != 0, f"kubectl {' '.join(map(str, arguments))} succeeded: {result.stdout}"
        return result.stderr

    @contextlib.contextmanager
    def kubectl_running(self, *arguments, **options):
        """A kubectl that goes on (-w, -f); ended at the end of the block."""
        process = subprocess.Popen(self.kubectl_arguments(*arguments), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.environment, **options)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def import_images(self, path):
        result = run(BINARY, "image", "import", path, "--data-dir", self.data, timeout=120)
        assert result.returncode == 0, result.stderr
        return result.stdout

    @property
    def network(self):
        """The name of its Pods' bridge and of its nftables table (PodNetwork in Sources/segler)."""
        number = 0x811C9DC5
        for byte in str(self.data).encode():
            number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
        return f"segler{number:x}"

    def rules(self, name):
        """A map of its nftables table, as text."""
        return run("nft", "list", "map", "ip", self.network, name).stdout

    def files_about(self, text):
        """Paths in the data directory whose last part contains `text`, e.g. a Pod's uid or address."""
        return [os.path.join(folder, name) for folder, folders, files in os.walk(self.data)
                for name in folders + files if text in name]

    # Leaving nothing behind

    def processes(self):
        """Process ids of everything started for this data directory (containerd, its shims), but not the server."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) not in (os.getpid(), self.process and self.process.pid):
                with contextlib.suppress(OSError):
                    if str(self.data).encode() in (entry / "cmdline").read_bytes():
                        found.append(int(entry.name))
        return found

    def containerd(self):
        """The process id of its containerd."""
        for pid in self.processes():
            with contextlib.suppress(OSError):
                if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "containerd":
                    return pid
        return None

    def note_refusals(self):
        """Keeps what parts of this server asked for and may not do, before it stops."""
        if self.running():
            with contextlib.suppress(OSError):
                text = self.api.get("/metrics").text
                self.refusals += [line for line in text.splitlines() if line.startswith("segler_component_refusals_total{")]

    def destroy(self):
        with contextlib.suppress(Exception):
            if self.node and self.running():
                # The orderly way first: it gives pod addresses and network rules back.
                self.kubectl("delete", "pods", "--all-namespaces", "--all", "--grace-period=1", "--timeout=30s")
        with contextlib.suppress(Exception):
            self.stop(timeout=15)
        if self.running():
            self.process.kill()
            self.process.wait()
        networks = self.network_namespaces()
        for pid in sorted(self.descendants(self.processes()), reverse=True):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for name in networks:
            run("ip", "netns", "delete", name)
        for line in reversed(pathlib.Path("/proc/self/mounts").read_text().splitlines()):
            target = line.split()[1]
            if target.startswith(f"{self.data}/"):
                run("umount", "--lazy", target)
        if self.node:
            run("nft", "delete", "table", "ip", self.network)
            run("ip", "link", "delete", self.network)
        shutil.rmtree(self.data, ignore_errors=True)

    @staticmethod
    def descendants(pids):
        parents = {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    # The fields after the name, which is in parentheses: state, then the parent.
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        found, grown = set(pids), True
        while grown:
            children = {child for child, parent in parents.items() if parent in found} - found
            found |= children
            grown = bool(children)
        return found

    def network_namespaces(self):
        """Names under /run/netns of the namespaces that this cluster's processes are in."""
        inodes = set()
        for pid in self.descendants(self.processes()):
            with contextlib.suppress(OSError):
                inodes.add(os.stat(f"/proc/{pid}/ns/net").st_ino)
        inodes.discard(os.stat("/proc/self/ns/net").st_ino)
        folder = pathlib.Path("/run/netns")
        return [p.name for p in folder.iterdir() if p.stat().st_ino in inodes] if folder.is_dir() else []


class Namespace:
    """A namespace of one test's own, and the commands a test says in it."""

    def __init__(self, cluster, name):
        self.cluster, self.name, self.api = cluster, name, cluster.api

    def path(self, resource="pods", name=None):
        return f"/api/v1/namespaces/{self.name}/{resource}" + (f"/{name}" if name else "")

    def kubectl(self, *arguments, **options):
        return self.cluster.kubectl("--namespace", self.name, *arguments, **options)

    def kubectl_result(self, *arguments, **options):
        return self.cluster.kubectl_result("--namespace", self.name, *arguments, **options)

    def kubectl_refused(self, *arguments, **options):
        return self.cluster.kubectl_refused("--namespace", self.name, *arguments, **options)

    def kubectl_running(self, *arguments, **options):
        return self.cluster.kubectl_running("--namespace", self.name, *arguments, **options)

    def create(self, *objects):
        for value in objects:
            self.kubectl("create", "-f", "-", input=value)

    def get(self, kind, name):
        return json.loads(self.kubectl("get", kind, name, "-o", "json"))

    def wait(self, name, condition, resource="pods", timeout=60):
        return self.api.wait(self.path(resource), name, condition, timeout)

    def run(self, name, timeout=60, **options):
        """Creates a Pod and waits until it is Running and ready."""
        self.create(pod(name, **options))
        return self.wait(name, is_ready, timeout=timeout)

    def says(self, name, text, timeout=20):
        """Waits until the Pod's log contains `text`, and returns the log."""
        return eventually(lambda: text in (log := self.kubectl("logs", name)) and log, timeout, f"'{text}' in the log")

    def events(self, name):
        """The Events about an object: for each reason its messages, a line each."""
        items = json.loads(self.kubectl("get", "events", "-o", "json"))["items"]
        found = {}
        for event in items:
            if event["involvedObject"]["name"] == name:
                found.setdefault(event["reason"], []).append(event["message"])
        return {reason: "\n".join(messages) for reason, messages in found.items()}

    def event(self, name, reason, timeout=60):
        """Waits for an Event about an object and returns its message."""
        return eventually(lambda: self.events(name).get(reason), timeout, f"an event {reason} of {name}")


def fresh_namespace(server):
    """For fixtures: yields a Namespace and empties it afterwards."""
    space = Namespace(server, f"t-{uuid.uuid4().hex[:8]}")
    server.kubectl("create", "namespace", space.name)
    # What controllers put into it would turn up in tests that watch.
    for kind, name in (("serviceaccounts", "default"), ("configmaps", "kube-root-ca.crt"),
                       ("configmaps", "openshift-service-ca.crt")):
        eventually(lambda: server.api.get(space.path(kind, name)).status == 200, what=f"{name} in {space.name}")
    yield space
    if server.running():
        # Where no agent runs, nobody else would confirm that a Pod has ended.
        how = ["--grace-period=1", "--wait=false"] if server.node else ["--grace-period=0", "--force"]
        space.kubectl_result("delete", "pods", "--all", *how)
        server.kubectl_result("delete", "namespace", space.name, "--wait=false")


def pod(name, image="busybox:1", script=None, labels=None, container=None, **spec):
    """A Pod with one container called like it; `script` is run by the shell of the image."""
    main = {"name": name, "image": image, **({"command": ["sh", "-c", script]} if script else {}), **(container or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **({"labels": labels} if labels else {})},
            "spec": {"terminationGracePeriodSeconds": 2, **spec, "containers": [main]}}


def config_map(name, data=None, **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data or {}}


def is_ready(value):
    conditions = (value or {}).get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def container(value):
    """The status of a Pod's first container, {} while there is none."""
    return next(iter((value or {}).get("status", {}).get("containerStatuses", [])), {})


def waiting_reason(value):
    return container(value).get("state", {}).get("waiting", {}).get("reason")


def terminated(value):
    return container(value).get("state", {}).get("terminated")


def phase(value):
    return (value or {}).get("status", {}).get("phase")


def base64_text(text):
    return base64.b64encode(text.encode()).decode()
