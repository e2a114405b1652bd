#!/usr/bin/env python3
"""Measures the workload controllers: 100 Deployments from nothing to 1,000 Pods, and down again.

  controllers.py --segler .build/release/segler [--deployments 100] [--pods 10] [-o table|json]

It starts `segler server --no-node` on a directory of its own with simulated nodes: this program says of every bound Pod
that it runs and is ready, and confirms the end of deleted ones. "CPU" is user and system time of the whole server for
each Pod, so it has the API, the scheduler, the disk and the requests of the simulated nodes in it. Exit status 2 if
the Pods did not come or go within two minutes.
"""
import argparse
import concurrent.futures
import contextlib
import http.client
import json
import pathlib
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/EndToEnd"))
sys.path.insert(0, str(HERE))
import segler as harness  # noqa: E402
from api import cpu_seconds, memory_mb  # noqa: E402

NODES = 20
NAMESPACE = "bench"
READY = json.dumps({"status": {"phase": "Running", "conditions": [
    {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}})


class Connections(threading.local):
    """One kept connection a thread."""

    def __init__(self, server):
        self.api = server.api
        self.connection = self.api.connect()

    def request(self, method, path, body=None, kind="application/json"):
        headers = self.api.headers(**{"Content-Type": kind})
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except (http.client.HTTPException, OSError):
            self.connection = self.api.connect()
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        return response.status, response.read()


class Nodes:
    """Nodes without an agent: every Pod runs at once, and ends at once."""

    def __init__(self, server):
        self.server, self.connections = server, Connections(server)
        self.ready, self.seen, self.changed = set(), set(), threading.Condition()
        self.pool = concurrent.futures.ThreadPoolExecutor(8)
        amounts = {"cpu": "64", "memory": "256Gi", "pods": "250"}
        for number in range(NODES):
            created = server.api.post("/api/v1/nodes", {
                "apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{number}"},
                "status": {"capacity": amounts, "allocatable": amounts,
                           "conditions": [{"type": "Ready", "status": "True", "reason": "Simulated"}]}})
            assert created.status == 201, created
        self.stopped = threading.Event()
        threading.Thread(target=self.follow, daemon=True).start()
        threading.Thread(target=self.beat, daemon=True).start()

    def beat(self):
        """Who is silent for 40 seconds is taken for lost."""
        while not self.stopped.wait(20):
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            status = json.dumps({"status": {"conditions": [
                {"type": "Ready", "status": "True", "reason": "Simulated", "lastHeartbeatTime": now}]}})
            for number in range(NODES):
                self.connections.request("PATCH", f"/api/v1/nodes/node-{number}/status", status,
                                         "application/merge-patch+json")

    def follow(self):
        path = f"/api/v1/namespaces/{NAMESPACE}/pods"
        with self.server.api.watch(path, timeout=600, resourceVersion=0) as events:
            for event in events:
                pod = event["object"]
                name = pod["metadata"]["name"]
                if event["type"] == "DELETED":
                    with self.changed:
                        self.ready.discard(name)
                        self.changed.notify_all()
                elif "deletionTimestamp" in pod["metadata"]:
                    self.pool.submit(self.end, f"{path}/{name}?gracePeriodSeconds=0")
                elif pod["spec"].get("nodeName") and name not in self.seen:
                    self.seen.add(name)
                    self.pool.submit(self.start, f"{path}/{name}", name)

    def end(self, path):
        self.connections.request("DELETE", path)

    def start(self, path, name):
        status, body = self.connections.request("PATCH", path + "/status", READY, "application/merge-patch+json")
        if status == 200:
            with self.changed:
                self.ready.add(name)
                self.changed.notify_all()

    def wait(self, count):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.ready) == count, timeout=120):
                raise RuntimeError(f"{len(self.ready)} Pods after two minutes, not {count}")


def deployment(number):
    labels = {"app": f"web-{number}"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"web-{number}"},
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": "web:1"}]}}}}


def measure(options):
    server, nodes = harness.Segler("bench"), None
    try:
        server.start()
        server.kubectl("create", "namespace", NAMESPACE)
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
        account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"
        harness.eventually(lambda: server.api.get(account).status == 200, what="the service account")
        nodes = Nodes(server)
        for number in range(options.deployments):
            assert server.api.post(path, deployment(number)).status == 201
        total = options.deployments * options.pods
        pid = server.process.pid

        def complete(replicas):
            items = server.api.get(path).json["items"]
            return all(item["status"].get("availableReplicas", 0) == replicas
                       and item["status"].get("replicas", 0) == replicas
                       and item["status"].get("observedGeneration") == item["metadata"]["generation"]
                       for item in items)

        results = []
        harness.eventually(lambda: complete(0), what="empty Deployments")
        for what, replicas in (("up", options.pods), ("down", 0)):
            before, started = cpu_seconds(pid), time.monotonic()
            patch = json.dumps({"spec": {"replicas": replicas}})
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda number: nodes.connections.request(
                    "PATCH", f"{path}/web-{number}", patch, "application/merge-patch+json"),
                    range(options.deployments)))
            nodes.wait(total if replicas else 0)
            harness.eventually(lambda: complete(replicas), what="the status of all Deployments")
            seconds = time.monotonic() - started
            # Events and collected garbage are part of it.
            time.sleep(2)
            results.append({"what": f"{total} Pods {what}", "seconds": round(seconds, 2),
                            "cpu_ms_per_pod": round((cpu_seconds(pid) - before) / total * 1000, 2),
                            "memory_mb": round(memory_mb(pid), 1)})
        before = cpu_seconds(pid)
        time.sleep(5)
        results.append({"what": "idle afterwards", "cpu_percent": round((cpu_seconds(pid) - before) / 5 * 100, 2)})
        return results
    finally:
        if nodes:
            nodes.stopped.set()
        with contextlib.suppress(Exception):
            server.destroy()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segler", type=pathlib.Path, default=HERE.parent / ".build/release/segler")
    parser.add_argument("--deployments", type=int, default=100)
    parser.add_argument("--pods", type=int, default=10, help="of each Deployment")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table")
    options = parser.parse_args()
    harness.BINARY = options.segler.resolve()
    try:
        results = measure(options)
    except (RuntimeError, AssertionError) as error:
        print(f"controllers: {error}", file=sys.stderr)
        return 2
    if options.output == "json":
        print(json.dumps(results, indent=2))
        return 0
    for row in results:
        figures = "  ".join(f"{value} {key.replace('_', ' ')}" for key, value in row.items() if key != "what")
        print(f"{row['what']:<18} {figures}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
