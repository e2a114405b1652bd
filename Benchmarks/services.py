#!/usr/bin/env python3
"""Measures Services on a real node: how long a change takes to reach the kernel, and what it costs, with 10 Services and
with 1,000 that have 5,000 endpoints; and the cluster's DNS, with dnsperf where that is installed.

  services.py --segler .build/release/segler [--services 1000]

Needs root. A change moves an endpoint from one listener on this machine to another; it has arrived when a new
connection to the Service's address is answered by the second.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/EndToEnd"))
CHANGES, ENDPOINTS = 200, 5
SERVICES = "/api/v1/namespaces/default/services"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"


def listener(address, letter):
    server = socket.create_server((address, 0))

    def serve():
        while True:
            connection, _ = server.accept()
            connection.sendall(letter)
            connection.close()
    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


def create(server, numbers):
    def one(number):
        answer = server.api.post(SERVICES, {
            "metadata": {"name": f"s{number}"}, "spec": {"ports": [{"port": 80}]}})
        assert answer.status == 201, answer.body
        addresses = [f"10.200.{number // 250}.{number % 250 + 1}"] + [f"10.20{k}.0.{number % 250 + 1}" for k in range(1, 5)]
        answer = server.api.post(SLICES, {
            "metadata": {"name": f"s{number}", "labels": {"kubernetes.io/service-name": f"s{number}"}},
            "addressType": "IPv4", "ports": [{"name": "", "port": 80}],
            "endpoints": [{"addresses": [a]} for a in addresses[:ENDPOINTS]]})
        assert answer.status == 201, answer.body
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(one, numbers))


def cpu_seconds(pid):
    """Of all its threads, to the nanosecond, where /proc/PID/stat counts in hundredths of a second."""
    return sum(int(path.read_text().split()[0]) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def rss_mib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def reply(address):
    try:
        with socket.create_connection((address, 80), timeout=0.5) as connection:
            return connection.recv(1)
    except OSError:
        return b""


def changes(server, node, ports, address):
    """(median and worst milliseconds until a change is in the kernel, milliseconds of CPU each)."""
    path, times = f"{SLICES}/probe", []
    time.sleep(2)  # until what was made before has come to rest
    before = cpu_seconds(server.process.pid)
    for number in range(CHANGES):
        letter = b"ab"[number % 2:][:1]
        start = time.monotonic()
        answer = server.api.patch(path, {"ports": [{"name": "", "port": ports[number % 2]}]})
        assert answer.status == 200, answer.body
        while reply(address) != letter:
            assert time.monotonic() - start < 10, "the change did not arrive"
        times.append((time.monotonic() - start) * 1000)
    used = (cpu_seconds(server.process.pid) - before) * 1000 / CHANGES
    return statistics.median(times), max(times), used


def dnsperf():
    if not shutil.which("dnsperf"):
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as names:
        names.writelines(f"s{n}.default.svc.cluster.local A\n" for n in range(10))
        names.flush()
        out = subprocess.run(["dnsperf", "-s", "10.113.0.10", "-d", names.name, "-l", "5", "-c", "8"],
                             capture_output=True, text=True).stdout
    rate = re.search(r"Queries per second:\s+([\d.]+)", out)
    lost = re.search(r"Queries lost:\s+(\d+)", out)
    return (float(rate[1]), int(lost[1])) if rate and lost else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segler", required=True)
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--strict", action="store_true", help="exit status 1 if a goal was missed")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print("services.py: skipped: a node needs root")
        return 0
    os.environ["SEGLER"] = os.path.abspath(arguments.segler)
    import segler as harness
    server = harness.Segler("bench", node=True)
    try:
        server.start("--service-cidr", "10.113.0.0/16")
        node = harness.eventually(
            lambda: server.api.get("/api/v1/nodes").json["items"], what="the node")[0]["status"]["addresses"][0]["address"]
        ports = [listener(node, b"a"), listener(node, b"b")]
        server.api.post(SERVICES, {"metadata": {"name": "probe"}, "spec": {"ports": [{"port": 80}]}})
        server.api.post(SLICES, {
            "metadata": {"name": "probe", "labels": {"kubernetes.io/service-name": "probe"}}, "addressType": "IPv4",
            "ports": [{"name": "", "port": ports[1]}], "endpoints": [{"addresses": [node]}]})
        address = server.api.get(f"{SERVICES}/probe").json["spec"]["clusterIP"]
        harness.eventually(lambda: reply(address) == b"b", 10, "the first answer")
        create(server, range(10))
        few = changes(server, node, ports, address)
        create(server, range(10, arguments.services))
        last = server.api.get(f"{SERVICES}/s{arguments.services - 1}").json["spec"]["clusterIP"]
        harness.eventually(lambda: last in server.rules("services"), 20, "all rules")
        many = changes(server, node, ports, address)
        print(f"{'change of an endpoint':<34}{'median ms':>10}{'worst ms':>10}{'CPU ms':>8}")
        for count, (median, worst, used) in ((10, few), (arguments.services, many)):
            print(f"  with {count:>5} Services{'':<16}{median:>10.1f}{worst:>10.1f}{used:>8.2f}")
        print(f"memory with {arguments.services} Services: {rss_mib(server.process.pid):.0f} MiB")
        if found := dnsperf():
            print(f"DNS: {found[0]:.0f} answers/s, {found[1]} lost")
        else:
            print("DNS: dnsperf is not installed")
        return 1 if arguments.strict and many[0] > 100 else 0
    finally:
        server.destroy()


if __name__ == "__main__":
    sys.exit(main())
