#!/usr/bin/env python3
"""Measures the API server over TLS: GET, CREATE, LIST, WATCH, memory and start, against the goals of the project.

  api.py --segler .build/release/segler [--seconds 5] [--only get,create] [-o table|json]

It starts `segler server --no-node` on a directory of its own. "CPU each" is user and system time of the server for
one operation, from /proc, so the load generators (wrk; Python for the watches) do not count, though they share the
cores. Exit status 1 if a goal was missed and --strict was given, 2 if something did not work at all.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import selectors
import ssl
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/EndToEnd"))
import segler as harness  # noqa: E402

MAPS = "/api/v1/namespaces/{}/configmaps"
TEXT = "x" * 760  # with its metadata an object of about 1 KB
CONNECTIONS = 16
OBJECTS = 10_000
WATCHERS, UPDATES = 200, 200
MANY_WATCHERS = 1000
PODS = 10_000

# What each figure must not exceed.
GOALS = {
    ("GET", "cpu_us"): 40, ("CREATE", "cpu_us"): 200, ("LIST", "p50_ms"): 40, ("WATCH", "cpu_us"): 7, ("FANOUT", "cpu_us"): 7,
    ("ready, first start", "seconds"): None, ("ready, second start", "seconds"): 0.5,
    ("memory after start", "mb"): 40, ("PODS", "mb"): 120, ("idle", "cpu_percent"): 0.5,
}


def cpu_seconds(pid):
    """User and system time of a process and all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def percentile(values, percent):
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


class Bench:
    def __init__(self, server, seconds):
        self.server, self.seconds = server, seconds

    @property
    def pid(self):
        return self.server.process.pid

    def wrk(self, method, path, connections, seconds=None):
        """Runs wrk and adds what the server's CPU did for each request."""
        before = cpu_seconds(self.pid)
        command = ["wrk", "--threads", str(min(2, connections)), "--connections", str(connections), "--duration",
                   f"{seconds or self.seconds}s", "--timeout", "30s", "--script", HERE / "api.lua", self.server.url,
                   "--", method, path]
        result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TOKEN": self.server.token})
        found = re.search(r"^RESULT (.*)$", result.stdout, re.M)
        if not found:
            raise RuntimeError(f"wrk failed: {result.stdout}{result.stderr}")
        seen = json.loads(found[1])
        if seen["errors"] or not seen["requests"]:
            raise RuntimeError(f"{seen['errors']} of {seen['requests']} {method} requests failed")
        return {"rate": seen["requests"] / seen["seconds"], "p50_ms": seen["p50_us"] / 1000,
                "p99_ms": seen["p99_us"] / 1000, "cpu_us": (cpu_seconds(self.pid) - before) / seen["requests"] * 1e6,
                "bytes": seen["bytes"] / seen["requests"]}

    def namespace(self, name):
        answer = self.server.api.post("/api/v1/namespaces", {"metadata": {"name": name}})
        if answer.status not in (201, 409):
            raise RuntimeError(f"no namespace {name}: {answer}")
        return MAPS.format(name)

    def get(self):
        path = self.namespace("bench-get")
        self.server.api.post(path, harness.config_map("one", {"text": TEXT}))
        self.wrk("GET", f"{path}/one", CONNECTIONS, seconds=1)
        return self.wrk("GET", f"{path}/one", CONNECTIONS)

    def create(self):
        path = self.namespace("bench-create")
        seen = self.wrk("POST", path, CONNECTIONS)
        # wrk counts answers; see that as many objects really are there.
        page = self.server.api.get(f"{path}?limit=1").json
        there = 1 + page["metadata"].get("remainingItemCount", 0)
        if there < 0.99 * seen["rate"] * self.seconds:
            raise RuntimeError(f"only {there} objects are there")
        return seen

    def list(self):
        path = self.namespace("bench-list")
        headers = self.server.api.headers(**{"Content-Type": "application/json"})

        def fill(numbers):
            connection = self.server.api.connect()
            for n in numbers:
                body = json.dumps(harness.config_map(f"c{n:05}", {"text": TEXT}))
                connection.request("POST", path, body, headers)
                response = connection.getresponse()
                response.read()
                if response.status not in (201, 409):
                    raise RuntimeError(f"POST: {response.status}")
            connection.close()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(fill, (range(start, OBJECTS, 8) for start in range(8))))
        seen = self.wrk("GET", path, 1)
        return {**seen, "note": f"{seen['bytes'] / 1e6:.1f} MB"}

    def patch(self):
        """Strategic merge patches of a Deployment that is paused, so that no controller follows; each is a change."""
        return self.patches("strategic-merge-patch")

    def apply(self):
        return self.patches("apply-patch")

    def patches(self, kind):
        self.namespace("bench-patch")
        path = f"/apis/apps/v1/namespaces/bench-patch/deployments/{kind}"
        labels = {"app": "bench"}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": kind}, "spec": {
            "replicas": 0, "paused": True, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
                "containers": [{"name": "app", "image": "app:0", "env": [{"name": "A", "value": "0"}]}]}}}}
        api = self.server.api
        api.post(path.rpartition("/")[0], body)
        media = f"application/{kind}+" + ("yaml" if kind == "apply-patch" else "json")
        connection, headers = api.connect(), api.headers(**{"Content-Type": media})
        delays, before, end = [], cpu_seconds(self.pid), time.monotonic() + self.seconds
        while (now := time.monotonic()) < end:
            body["spec"]["template"]["spec"]["containers"][0]["image"] = f"app:{len(delays) + 1}"
            patch = {**body, "metadata": {"name": kind}}
            connection.request("PATCH", path + "?fieldManager=bench&force=true" * (kind == "apply-patch"), json.dumps(patch),
                               headers)
            response = connection.getresponse()
            text = response.read()
            if response.status != 200:
                raise RuntimeError(f"PATCH: {response.status} {text[:300]}")
            delays.append(time.monotonic() - now)
        return {"rate": len(delays) / self.seconds, "p50_ms": percentile(delays, 50) * 1000,
                "p99_ms": percentile(delays, 99) * 1000, "cpu_us": (cpu_seconds(self.pid) - before) / len(delays) * 1e6}

    def pods(self):
        """The memory of a server that keeps many Pods of 5 KB, and what a list of them takes."""
        self.namespace("bench-pods")
        path = "/api/v1/namespaces/bench-pods/pods"
        harness.eventually(lambda: self.server.api.get("/api/v1/namespaces/bench-pods/serviceaccounts/default").status == 200)
        headers = self.server.api.headers(**{"Content-Type": "application/json"})

        def fill(numbers):
            connection = self.server.api.connect()
            for n in numbers:
                value = harness.pod(f"p{n:05}")
                value["metadata"]["annotations"] = {"bench/text": "x" * 2600}
                value["spec"]["nodeName"] = f"node-{n % 100}"
                connection.request("POST", path, json.dumps(value), headers)
                response = connection.getresponse()
                text = response.read()
                if response.status != 201:
                    raise RuntimeError(f"POST: {response.status} {text[:300]}")
            connection.close()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(fill, (range(start, PODS, 8) for start in range(8))))
        time.sleep(2)
        size = len(self.server.api.get(path).text)
        return {"mb": memory_mb(self.pid), "note": f"{PODS} Pods of {size / PODS / 1000:.1f} KB"}

    def watch(self, count=None):
        count = count or WATCHERS
        path = self.namespace("bench-watch")
        api = self.server.api
        api.delete(f"{path}/seen")
        start = api.post(path, harness.config_map("seen", {"text": TEXT})).json["metadata"]["resourceVersion"]
        watchers = Watchers(self.server, f"{path}?watch=true&resourceVersion={start}", count)
        try:
            before, began = cpu_seconds(self.pid), time.monotonic()
            reader = threading.Thread(target=watchers.read, args=(count * UPDATES,))
            reader.start()
            connection, headers = api.connect(), api.headers(**{"Content-Type": "application/merge-patch+json"})
            for _ in range(UPDATES):
                connection.request("PATCH", f"{path}/seen", json.dumps({"data": {"sent": f"{time.monotonic():.6f}"}}),
                                   headers)
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    raise RuntimeError(f"PATCH: {response.status}")
            reader.join()
            took = time.monotonic() - began
        finally:
            watchers.close()
        delays = watchers.delays
        if len(delays) != count * UPDATES:
            raise RuntimeError(f"{len(delays)} of {count * UPDATES} events were delivered")
        return {"rate": len(delays) / took, "p50_ms": percentile(delays, 50) * 1000,
                "p99_ms": percentile(delays, 99) * 1000,
                "cpu_us": (cpu_seconds(self.pid) - before) / len(delays) * 1e6,
                "note": f"{count} watchers, {UPDATES} updates in {took:.2f} s"}

    def fanout(self):
        return self.watch(MANY_WATCHERS)

    def idle(self):
        before = cpu_seconds(self.pid)
        time.sleep(self.seconds)
        return {"cpu_percent": (cpu_seconds(self.pid) - before) / self.seconds * 100}


class Watchers:
    """Many watches read by one thread, which notes how long each event was on its way."""

    SENT = re.compile(rb'"sent":"([0-9.]+)"')

    def __init__(self, server, path, count):
        self.delays, self.selector, self.rest = [], selectors.DefaultSelector(), {}
        context = ssl.create_default_context(cafile=server.data / "pki/ca.crt")
        for _ in range(count):
            connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context)
            connection.request("GET", path, headers=server.api.headers())
            # The head of the answer, byte by byte, so that nothing of the events is buffered elsewhere.
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = connection.sock.recv(1)
                if not byte:
                    raise RuntimeError("a watch was closed before it began")
                head += byte
            if b" 200 " not in head.split(b"\r\n")[0]:
                raise RuntimeError(f"a watch was refused: {head.decode()}")
            connection.sock.setblocking(False)
            self.selector.register(connection.sock, selectors.EVENT_READ)
            self.rest[connection.sock] = b""

    def read(self, count):
        deadline = time.monotonic() + 60
        while len(self.delays) < count and time.monotonic() < deadline and self.selector.get_map():
            for key, _ in self.selector.select(1):
                self.drain(key.fileobj)

    def drain(self, sock):
        while True:
            try:
                data = sock.recv(65536)
            except ssl.SSLWantReadError:
                return
            except OSError:
                data = b""
            if not data:
                self.selector.unregister(sock)
                return
            now, text = time.monotonic(), self.rest[sock] + data
            complete, _, self.rest[sock] = text.rpartition(b"\n")
            self.delays.extend(now - float(sent) for sent in self.SENT.findall(complete))

    def close(self):
        for sock in self.rest:
            sock.close()
        self.selector.close()


def start(server):
    """Starts the server and returns the seconds until /readyz says ok."""
    began, answer = time.monotonic(), []

    def poll():
        while not answer and time.monotonic() < began + 60:
            try:
                if server.api.get("/readyz", token="").status == 200:
                    answer.append(time.monotonic() - began)
            except OSError:  # not listening yet, or no certificate yet
                time.sleep(0.002)

    poller = threading.Thread(target=poll)
    poller.start()
    server.start()
    poller.join()
    return {"seconds": answer[0]}


def measure(options):
    harness.BINARY = options.segler.resolve()
    server = harness.Segler("bench")
    wanted = options.only.split(",") if options.only else ["get", "create", "list", "patch", "apply", "watch", "fanout", "pods"]
    results = {}
    try:
        results["ready, first start"] = start(server)
        server.stop()
        results["ready, second start"] = start(server)
        results["memory after start"] = {"mb": memory_mb(server.process.pid)}
        bench = Bench(server, options.seconds)
        results["idle"] = bench.idle()
        for name in wanted:
            if name == "pods" and name != wanted[0]:
                # What the others left in memory is not the Pods'.
                results["memory at the end"] = {"mb": memory_mb(server.process.pid)}
                server.destroy()
                server = harness.Segler("bench")
                start(server)
                bench = Bench(server, options.seconds)
            results[name.upper()] = getattr(bench, name)()
    finally:
        server.destroy()
    return results


UNITS = {"cpu_us": "{:.1f} us CPU each", "p50_ms": "p50 {:.2f} ms", "p99_ms": "p99 {:.2f} ms", "rate": "{:,.0f}/s",
         "seconds": "{:.3f} s", "mb": "{:.1f} MB", "cpu_percent": "{:.2f} % CPU"}


def table(results):
    for name, seen in results.items():
        figures = ", ".join(UNITS[key].format(value) for key, value in seen.items() if key in UNITS)
        if "note" in seen:
            figures += f" ({seen['note']})"
        print(f"{name:20} {figures}")
        for key, value in seen.items():
            if goal := GOALS.get((name, key)):
                met = "met" if value <= goal else "MISSED"
                print(f"{'':20}   goal: at most {UNITS[key].format(goal)}: {met}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segler", type=pathlib.Path, default=HERE.parent / ".build/release/segler")
    parser.add_argument("--seconds", type=int, default=5, help="how long each load runs (5)")
    parser.add_argument("--only", help="some of get,create,list,patch,apply,watch,fanout,pods, in this order, with commas")
    parser.add_argument("-o", "--output", choices=["table", "json"], default="table")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a goal was missed")
    options = parser.parse_args()
    try:
        results = measure(options)
    except (AssertionError, OSError, RuntimeError) as error:
        print(f"api.py: {error}", file=sys.stderr)
        return 2
    missed = {f"{name}: {key}": [seen[key], GOALS[name, key]] for name, seen in results.items() for key in seen
              if GOALS.get((name, key)) and seen[key] > GOALS[name, key]}
    if options.output == "json":
        print(json.dumps({"results": results, "missed": missed}, indent=2))
    else:
        table(results)
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
