#!/usr/bin/env python3
"""Measures Pods on a real runtime: from the request to Running, against what the runtime itself takes for the same.

  pods.py --segler .build/release/segler --runtime .build/release/bench-runtime [--pods 100] [-o table|json]

It needs root. It starts `segler server` on a directory of its own and drives the same containerd by itself
(bench-runtime: sandbox, container, start), in turns, so that both have the same machine. One Pod: the median of some.
Many: all at once, the runtime driven with the parallelism that is fastest for it. Exit status 2 if something did not work.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/EndToEnd"))
sys.path.insert(0, str(HERE.parent / "Tests/Images"))
sys.path.insert(0, str(HERE))
import build as images  # noqa: E402
import segler as harness  # noqa: E402
from api import cpu_seconds, memory_mb  # noqa: E402

IMAGE = "busybox:1"
PODS = "/api/v1/namespaces/default/pods"
GOALS = {"own share of one": 0.030, "many, ratio": 1.1, "idle, 50 Pods": 1.0}


class Bench:
    def __init__(self, server, runtime):
        self.server, self.runtime, self.api = server, runtime, server.api
        self.socket = re.search(r'address = "(/[^"]*)"', (server.data / "containerd.toml").read_text())[1]

    def drive(self, count, parallel):
        """Seconds that the runtime takes, driven directly."""
        group = f"kubepods-{self.server.network}/besteffort"
        found = subprocess.run([self.runtime, self.socket, f"docker.io/library/{IMAGE}",
                                str(count), str(parallel), group], capture_output=True, text=True, timeout=600)
        if found.returncode:
            raise RuntimeError(found.stderr)
        return json.loads(found.stdout)["all"]

    def pods(self, prefix, count):
        """Seconds from the first request until all are Running, as the API tells it."""
        revision = self.api.get(PODS).json["metadata"]["resourceVersion"]
        waiting = {f"{prefix}-{n}" for n in range(count)}
        with self.api.watch(PODS, 300, resourceVersion=revision) as events:
            begin = time.monotonic()
            connection, headers = self.api.connect(), self.api.headers(**{"Content-Type": "application/json"})
            for name in sorted(waiting):
                body = harness.pod(name, container={"command": ["sleep", "3600"]}, automountServiceAccountToken=False)
                connection.request("POST", PODS, json.dumps(body), headers)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 201:
                    raise RuntimeError(f"POST: {answer.status} {text[:300]}")
            for event in events:
                value = event["object"]
                if value.get("status", {}).get("phase") == "Running":
                    waiting.discard(value["metadata"]["name"])
                    if not waiting:
                        return time.monotonic() - begin

    def delete(self):
        self.api.delete(f"{PODS}?gracePeriodSeconds=0")
        harness.eventually(lambda: not self.api.get(PODS).json["items"], 300)
        time.sleep(1)

    def one(self, rounds):
        driven, own = [], []
        for n in range(rounds):
            driven.append(self.drive(1, 1))
            own.append(self.pods(f"one{n}", 1))
            self.delete()
        return {"runtime_s": statistics.median(driven), "segler_s": statistics.median(own),
                "share_s": statistics.median(o - d for o, d in zip(own, driven))}

    def many(self, count, parallels):
        driven = {p: self.drive(count, p) for p in parallels}
        best = min(driven, key=driven.get)
        own = self.pods("many", count)
        self.delete()
        again = self.drive(count, best)
        runtime = (driven[best] + again) / 2
        return {"runtime_s": runtime, "parallel": best, "segler_s": own, "ratio": own / runtime}

    def idle(self, count, seconds):
        self.pods("idle", count)
        time.sleep(10)
        pid = self.server.process.pid
        before = cpu_seconds(pid)
        time.sleep(seconds)
        used = (cpu_seconds(pid) - before) / seconds * 100
        found = {"cpu_percent": used, "mb": memory_mb(pid)}
        self.delete()
        return found


def measure(options):
    harness.BINARY = options.segler.resolve()
    server = harness.Segler("bp", node=True)
    try:
        server.start()
        with tempfile.TemporaryDirectory() as folder:
            archive = pathlib.Path(folder, "images.tar")
            images.write_layout(list(images.IMAGES), archive)
            server.import_images(archive)
        node = server.api.get("/api/v1/nodes").json["items"][0]["metadata"]["name"]
        server.api.wait("/api/v1/nodes", node, harness.is_ready)
        harness.eventually(lambda: server.api.get("/api/v1/namespaces/default/serviceaccounts/default").status == 200)
        bench = Bench(server, options.runtime.resolve())
        bench.pods("warm", 1)
        bench.delete()
        return {"one": bench.one(options.rounds), "many": bench.many(options.pods, [2, 4, 8, 16]),
                "idle": bench.idle(50, 20)}
    finally:
        server.destroy()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segler", type=pathlib.Path, default=HERE.parent / ".build/release/segler")
    parser.add_argument("--runtime", type=pathlib.Path, default=HERE.parent / ".build/release/bench-runtime")
    parser.add_argument("--pods", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9, help="how often one Pod is measured (9)")
    parser.add_argument("-o", "--output", choices=["table", "json"], default="table")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a goal was missed")
    options = parser.parse_args()
    try:
        found = measure(options)
    except (AssertionError, OSError, RuntimeError) as error:
        print(f"pods.py: {error}", file=sys.stderr)
        return 2
    one, many, idle = found["one"], found["many"], found["idle"]
    values = {"own share of one": one["share_s"], "many, ratio": many["ratio"], "idle, 50 Pods": idle["cpu_percent"]}
    if options.output == "json":
        print(json.dumps({**found, "goals": GOALS}))
    else:
        def verdict(name):
            return f"goal: at most {GOALS[name]}: {'met' if values[name] <= GOALS[name] else 'MISSED'}"
        print(f"one Pod       {one['segler_s'] * 1000:.0f} ms to Running, the runtime alone {one['runtime_s'] * 1000:.0f} ms, "
              f"own share {one['share_s'] * 1000:.0f} ms ({verdict('own share of one')})")
        print(f"{options.pods} Pods      {many['segler_s']:.1f} s to Running, the runtime alone {many['runtime_s']:.1f} s "
              f"({many['parallel']} at a time), ratio {many['ratio']:.2f} ({verdict('many, ratio')})")
        print(f"50 Pods idle  {idle['cpu_percent']:.2f} % CPU, {idle['mb']:.0f} MB ({verdict('idle, 50 Pods')})")
    return 1 if options.strict and any(values[n] > GOALS[n] for n in GOALS) else 0


if __name__ == "__main__":
    sys.exit(main())
