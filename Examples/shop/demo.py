#!/usr/bin/env python3
"""Plays the story of the shop on a cluster and prints each command: two environments from one Template, an update under
load, a broken version that its probe stops, the way back, and a database whose Pod goes and whose data stays.

Without --kubeconfig it starts a cluster of its own in a temporary directory, and removes it at the end. Exit code 1
says that something did not happen as it should; `-o json` prints what was measured.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import images  # noqa: E402

CUSTOMERS = 8
PORTS = {"test": 30081, "production": 30080}


class Failure(Exception):
    pass


class Demo:
    def __init__(self, segler, kubeconfig, storage, out):
        self.segler, self.storage, self.out = segler, storage, out
        self.environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
        self.started = time.monotonic()

    # What is said and done

    def say(self, text):
        print(f"\n== {text}  [{time.monotonic() - self.started:.0f} s]", file=self.out, flush=True)

    def run(self, command, input=None, show=True, fails=False, timeout=180):
        """Runs a command of the shell, shows it with what it prints, and returns that."""
        if show:
            print(f"$ {command}", file=self.out, flush=True)
        result = subprocess.run(command, shell=True, input=input, text=True, timeout=timeout, env=self.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=HERE)
        if show and result.stdout:
            print("  " + result.stdout.strip().replace("\n", "\n  "), file=self.out, flush=True)
        if (result.returncode != 0) != fails:
            raise Failure(f"`{command}` {'succeeded' if fails else 'failed'}: {result.stdout.strip()}")
        return result.stdout

    def kubectl(self, arguments, **options):
        return self.run("kubectl " + arguments, **options)

    def get(self, arguments):
        return json.loads(self.kubectl(f"get {arguments} -o json", show=False))

    def until(self, check, what, timeout=90):
        end = time.monotonic() + timeout
        while True:
            result = check()
            if result:
                return result
            if time.monotonic() > end:
                raise Failure(f"{what}: not within {timeout} s")
            time.sleep(0.3)

    def expect(self, holds, what):
        if not holds:
            raise Failure(what)

    # The story

    def visit(self, namespace, order=None):
        """One request from outside, to the port of the node."""
        request = urllib.request.Request(f"http://{self.node}:{PORTS[namespace]}/", order and order.encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read().decode().strip()
        print(f"  {namespace}: {text}", file=self.out, flush=True)
        return text

    def load(self):
        lines = self.kubectl("logs load -n production", show=False).splitlines()
        failures = [line for line in lines if line.startswith("failed:")]
        counts = [json.loads(line) for line in lines if line.startswith("{")]
        return (counts[-1] if counts else {"good": 0, "failed": 0, "versions": {}}), failures

    def environments(self):
        self.say("Two environments from one Template")
        self.run(f"sed 's#/srv/shop#{self.storage}#' volumes.yaml | kubectl apply -f -")
        for namespace, port in PORTS.items():
            self.kubectl(f"create namespace {namespace}")
            self.run(f"{self.segler} template process -f template.yaml -p PORT={port}"
                     f" | kubectl apply -n {namespace} -f -")
        for namespace in PORTS:
            self.kubectl(f"rollout status deployment/shop -n {namespace} --timeout=120s")
        self.kubectl("get pods,services,persistentvolumeclaims -n production")
        secrets = {self.get(f"secret shop-db -n {namespace}")["data"]["password"] for namespace in PORTS}
        self.expect(len(secrets) == 2, "both environments have the same password")
        self.node = self.get("nodes")["items"][0]["status"]["addresses"][0]["address"]

        self.say("An order in each, from outside")
        for namespace in PORTS:
            self.visit(namespace, f"a book for {namespace}")
        for namespace in PORTS:
            text = self.visit(namespace)
            self.expect(f"1 orders, one of them: a book for {namespace}" in text, f"{namespace} has others' orders: {text}")

    def versions(self):
        self.say(f"A new version while {CUSTOMERS} customers ask all the time, from inside, through the Service")
        self.kubectl(f"run load -n production --image=shop:1 --restart=Never -- java -Xmx48m Load http://shop/ {CUSTOMERS}")
        self.kubectl("wait -n production --for=condition=Ready pod/load --timeout=60s", show=False)
        self.until(lambda: self.load()[0]["good"] > 100, "customers are served")
        self.kubectl("set image deployment/shop shop=shop:2 -n production")
        self.kubectl("rollout status deployment/shop -n production --timeout=120s")
        self.until(lambda: self.load()[0]["versions"].get("2", 0) > 100, "customers see the new version")

        self.say("A broken version: its readiness probe stops it, and the shop goes on")
        self.kubectl("set image deployment/shop shop=shop:3 -n production")

        def refused():
            return [event for event in self.get("events -n production")["items"]
                    if event["reason"] == "Unhealthy" and "statuscode: 500" in event["message"]]
        event = self.until(refused, "the probe refuses the broken version")[0]
        print(f"  event: {event['message']}", file=self.out)
        self.kubectl("rollout status deployment/shop -n production --timeout=5s", fails=True)
        self.kubectl("get pods -n production -l name=shop")
        ready = self.get("deployment shop -n production")["status"]["readyReplicas"]
        self.expect(ready == 2, f"{ready} Pods are ready beside the broken one, not 2")

        self.say("Back")
        self.kubectl("rollout undo deployment/shop -n production")
        self.kubectl("rollout status deployment/shop -n production --timeout=60s")
        self.kubectl("rollout history deployment/shop -n production")
        before = self.load()[0]["good"]
        self.until(lambda: self.load()[0]["good"] > before + 100, "customers are served after the way back")
        result, failures = self.load()
        self.kubectl("delete pod load -n production --grace-period=1")
        print(f"  {result['good']} requests, {result['failed']} failed, the slowest took {result['slowest_ms']} ms",
              file=self.out)
        for line in failures[:5]:
            print("  " + line, file=self.out)
        self.expect(result["failed"] == 0, f"{result['failed']} requests failed: {failures[:3]}")
        self.expect("3" not in result["versions"], "customers met the broken version")
        image = self.get("deployment shop -n test")["spec"]["template"]["spec"]["containers"][0]["image"]
        self.expect(image == "shop:1", f"the test environment has {image}")
        return result

    def database(self):
        self.say("The database's Pod goes; its data stays")
        before = self.visit("production").split(": ", 1)[1]
        old = self.get("pods -n production -l name=shop-db")["items"][0]["metadata"]["uid"]
        self.kubectl("delete pod -n production -l name=shop-db")
        gone = time.monotonic()

        def back():
            pods = self.get("pods -n production -l name=shop-db")["items"]
            ready = [pod for pod in pods if pod["metadata"]["uid"] != old and any(
                c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))]
            with contextlib.suppress(OSError):
                return ready and self.visit("production").split(": ", 1)[1]
        after = self.until(back, "the database comes back")
        self.expect(after == before, f"before: {before}, after: {after}")
        return time.monotonic() - gone

    def play(self):
        self.environments()
        result = self.versions()
        result["database_back_s"] = round(self.database(), 1)
        result["took_s"] = round(time.monotonic() - self.started)
        self.say("All as it should be")
        return result


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def own_cluster(segler, out):
    """A server with a node in a temporary directory, gone at the end with its containers."""
    data = pathlib.Path(tempfile.mkdtemp(prefix="segler-demo-"))
    print(f"== A cluster in {data}", file=out, flush=True)
    with open(data / "server.log", "wb") as log:
        server = subprocess.Popen(
            [segler, "server", "--data-dir", data, "--listen", f"0.0.0.0:{free_port()}", "--kubelet-port", "0",
             "--service-cidr", "10.104.0.0/16"], stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
        try:
            if not any(line.startswith("ready") for line in server.stdout):
                raise Failure("the server did not start: " + (data / "server.log").read_text())
            yield data
        finally:
            environment = {**os.environ, "KUBECONFIG": str(data / "admin.kubeconfig")}
            network = subprocess.run(["kubectl", "get", "nodes", "-o", "jsonpath={.items[*].spec.podCIDR}"],
                                     env=environment, capture_output=True, text=True).stdout
            for command in (["kubectl", "delete", "deployments,replicationcontrollers,pods", "-A", "--all",
                             "--wait=false"],
                            ["kubectl", "delete", "pods", "-A", "--all", "--grace-period=1", "--timeout=30s"]):
                subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            server.send_signal(signal.SIGTERM)
            server.wait(30)
            for process in pathlib.Path("/proc").iterdir():
                with contextlib.suppress(OSError, ValueError):
                    if str(data).encode() in (process / "cmdline").read_bytes() and int(process.name) != os.getpid():
                        os.kill(int(process.name), signal.SIGKILL)
            # The bridge of the Pods and the rules of the Services stay for the next start, as they must; here there is none.
            routes = subprocess.run(["ip", "route", "show", network or "none"], capture_output=True, text=True).stdout
            if "dev segler" in routes:
                name = routes.split("dev ")[1].split()[0]
                subprocess.run(["ip", "link", "delete", name])
                subprocess.run(["nft", "delete", "table", "ip", name], stderr=subprocess.DEVNULL)
            subprocess.run(f"grep ' {data}' /proc/mounts | cut -d' ' -f2 | sort -r | xargs -r umount -l", shell=True)
            shutil.rmtree(data, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segler", default=str(HERE.parents[1] / ".build/release/segler"), help="the program")
    parser.add_argument("--kubeconfig", help="a cluster that runs on this machine and has the images; else one of its own")
    parser.add_argument("--images", type=pathlib.Path, help="made by images.py; made now when it is not there")
    parser.add_argument("--storage", help="where the databases' volumes are on the node (of a temporary directory)")
    parser.add_argument("-o", "--output", choices=["text", "json"], default="text")
    arguments = parser.parse_args()
    arguments.segler = os.path.abspath(arguments.segler)
    out = sys.stderr if arguments.output == "json" else sys.stdout
    try:
        with contextlib.ExitStack() as stack:
            storage = arguments.storage or stack.enter_context(tempfile.TemporaryDirectory())
            kubeconfig = arguments.kubeconfig
            if not kubeconfig:
                data = stack.enter_context(own_cluster(arguments.segler, out))
                kubeconfig = data / "admin.kubeconfig"
                archive = arguments.images or data / "shop.tar"
                if not archive.exists():
                    print("== Images from Debian's packages", file=out, flush=True)
                    folder = stack.enter_context(tempfile.TemporaryDirectory())
                    made = images.images(folder)
                    images.build.write_layout(list(made), archive, made)
                subprocess.run([arguments.segler, "image", "import", archive, "--data-dir", data], check=True, stdout=out)
            result = Demo(arguments.segler, kubeconfig, storage, out).play()
    except (Failure, subprocess.SubprocessError) as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    if arguments.output == "json":
        print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
