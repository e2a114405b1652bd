#!/usr/bin/env python3
"""Measures the scheduler: how long it takes until 10,000 Pods that are there already have one of 5,000 nodes.

  scheduler.py --segler .build/release/segler [--nodes 5000] [--pods 10000] [--strict]

It starts `segler server --no-node` on a directory of its own; the nodes are objects alone. The Pods are created while no
scheduler runs (--no-scheduler), so that creation takes no part of the time. Then the server starts again with one, and
the rate counts from the start of the program to the last binding: loading what is stored is part of it.
Exit status 1 if the goal was missed and --strict was given, 2 if something did not work at all.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

from api import HERE, cpu_seconds, harness, memory_mb

GOAL = 2000  # bindings a second


def create_nodes(server, count):
    headers = server.api.headers(**{"Content-Type": "application/json"})
    amounts = {"cpu": "16", "memory": "64Gi", "pods": "110"}

    def create(numbers):
        connection = server.api.connect()
        for n in numbers:
            name = f"node-{n:05}"
            node = {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name,
                                                          "topology.kubernetes.io/zone": f"zone-{n % 3}"}},
                    "status": {"capacity": amounts, "allocatable": amounts,
                               "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]}}
            connection.request("POST", "/api/v1/nodes", json.dumps(node), headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status != 201:
                raise RuntimeError(f"POST: {response.status} {answer}")
        connection.close()

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(create, (range(start, count, 4) for start in range(4))))


def count(server):
    page = server.api.get("/api/v1/pods?limit=1").json
    return len(page["items"]) + page["metadata"].get("remainingItemCount", 0)


def pause(began, problem):
    if time.monotonic() > began + 120:
        raise RuntimeError(problem)
    time.sleep(0.02)


def is_any_left(server):
    """Whether a Pod has no node yet."""
    return bool(server.api.get("/api/v1/pods?fieldSelector=spec.nodeName=&limit=1").json["items"])


def wait_for_taints(server):
    """New nodes take Pods when the node lifecycle controller has seen that they are ready."""
    deadline = time.monotonic() + 30
    while any(node["spec"].get("taints") for node in server.api.get("/api/v1/nodes").json["items"]):
        if time.monotonic() > deadline:
            raise RuntimeError("the nodes did not become ready")
        time.sleep(0.2)


def create_pods(server, count_wanted):
    """By wrk, which creates no more than it is told to, but ends only with its time."""
    path = "/api/v1/namespaces/default/pods"
    began = time.monotonic()
    wrk = subprocess.Popen(
        ["wrk", "--threads", "2", "--connections", "32", "--duration", "60s", "--script", HERE / "scheduler.lua",
         server.url, "--", path, str(count_wanted // 2)],
        stdout=subprocess.DEVNULL, env={**os.environ, "TOKEN": server.token})
    try:
        while count(server) < count_wanted:
            pause(began, "the Pods were not created")
        return time.monotonic() - began
    finally:
        wrk.kill()
        wrk.wait()


def measure(options):
    harness.BINARY = options.segler.resolve()
    server = harness.Segler("bench")
    try:
        server.start("--no-scheduler")
        create_nodes(server, options.nodes)
        wait_for_taints(server)
        harness.eventually(lambda: server.api.get("/api/v1/namespaces/default/serviceaccounts/default").status == 200)
        created = create_pods(server, options.pods)
        if server.api.get("/api/v1/pods?fieldSelector=spec.nodeName!=&limit=1").json["items"]:
            raise RuntimeError("Pods were bound before the measurement began")
        server.stop()
        began = time.monotonic()
        server.start()
        while is_any_left(server):
            pause(began, "Pods are left without a node")
        took = time.monotonic() - began
        cpu = cpu_seconds(server.process.pid)
        names = [pod["spec"]["nodeName"] for pod in server.api.get("/api/v1/namespaces/default/pods").json["items"]]
        fullest = collections.Counter(names).most_common(1)[0][1]
        return {"nodes": options.nodes, "pods": len(names), "created_s": created, "bound_s": took, "rate": len(names) / took,
                "cpu_us": cpu / len(names) * 1e6, "mb": memory_mb(server.process.pid), "fullest": fullest}
    finally:
        server.destroy()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segler", type=pathlib.Path, default=HERE.parent / ".build/release/segler")
    parser.add_argument("--nodes", type=int, default=5000)
    parser.add_argument("--pods", type=int, default=10_000)
    parser.add_argument("--strict", action="store_true", help="exit 1 if the goal was missed")
    options = parser.parse_args()
    try:
        seen = measure(options)
    except (AssertionError, OSError, RuntimeError) as error:
        print(f"scheduler.py: {error}", file=sys.stderr)
        return 2
    print("{pods:,} Pods on {nodes:,} nodes: created in {created_s:.2f} s, then bound in {bound_s:.2f} s: {rate:,.0f}/s, "
          "{cpu_us:.0f} us CPU each (loading, placing, binding, events), {mb:.0f} MB; "
          "at most {fullest} on one node".format(**seen))
    print(f"  goal: at least {GOAL:,}/s: {'met' if seen['rate'] >= GOAL else 'MISSED'}")
    return 1 if seen["rate"] < GOAL and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
