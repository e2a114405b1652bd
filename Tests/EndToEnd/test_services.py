"""Services: from Pods, from the node, and back to the Pod that asks."""
import json
import signal
import socket
import threading
import time
import urllib.request

import pytest
from segler import eventually, pod


def service(name, selector=None, ports=None, **spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"ports": ports or [{"port": 80, "targetPort": 8080}],
                     **({"selector": {"app": selector}} if selector else {}), **spec}}


def endpoint_slice(name, service_name, address, ports, **endpoint):
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": service_name}},
            "endpoints": [{"addresses": [address], **endpoint}], "ports": ports}


def backend(net, name, app, **spec):
    container = {"env": [{"name": "PORT", "value": "8080"}], "ports": [{"name": "http", "containerPort": 8080}],
                 "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1}}
    return net.run(name, image="demoapp:1", labels={"app": app}, container=container, **spec)


def cluster_ip(net, name):
    return net.get("service", name)["spec"]["clusterIP"]


def fetch(address, port=80, timeout=3):
    with urllib.request.urlopen(f"http://{address}:{port}/", timeout=timeout) as answer:
        return answer.read().decode().split()[-1]


def reaches(address, port=80):
    def attempt():
        try:
            return fetch(address, port)
        except OSError:
            return None
    return eventually(attempt, 10, f"an answer of {address}:{port}")


def fetch_from(net, name, url):
    return net.kubectl("exec", name, "--", "timeout", "5", "wget", "-qO-", url).split()[-1]


@pytest.fixture
def web(net):
    """A Service `web` with one Pod of that name, and a Pod `client`."""
    net.create(service("web", "web"), pod("client", script="sleep 1000"))
    backend(net, "web", "web")
    net.wait("client", lambda value: value["status"].get("podIP"))
    reaches(cluster_ip(net, "web"))
    return net


def test_a_service_is_reached_from_pods_the_node_and_its_own_pod(web):
    address = cluster_ip(web, "web")
    assert fetch(address) == "web"
    assert fetch_from(web, "client", f"http://{address}/") == "web"
    assert fetch_from(web, "client", "http://web/") == "web"
    assert fetch_from(web, "web", f"http://{address}/") == "web", "hairpin"


def test_node_ports_answer_at_all_addresses_of_the_node(web):
    web.create(service("outside", "web", type="NodePort", externalIPs=["203.0.113.7"]))
    port = web.get("service", "outside")["spec"]["ports"][0]["nodePort"]
    node = web.get("pod", "web")["status"]["hostIP"]
    assert reaches(node, port) == "web"
    assert fetch("127.0.0.1", port) == "web"
    assert fetch("203.0.113.7") == "web"
    for url in (f"http://{node}:{port}/", "http://203.0.113.7/"):
        assert fetch_from(web, "client", url) == "web"


def test_connections_are_refused_at_once_where_there_is_nothing(net):
    net.create(service("empty", "nobody", type="NodePort"))
    spec = net.get("service", "empty")["spec"]
    eventually(lambda: f"tcp . {spec['ports'][0]['nodePort']}" in net.cluster.rules("refusedports"), 10, "the rules")
    for address, port in ((spec["clusterIP"], 80), (spec["clusterIP"], 81), ("127.0.0.1", spec["ports"][0]["nodePort"])):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address, port), timeout=2)


def test_traffic_goes_to_ready_pods_alone_and_named_ports_to_their_number(net):
    net.create(service("web", "web", ports=[{"name": "a", "port": 80, "targetPort": "http"},
                                            {"name": "b", "port": 81, "targetPort": 8080}]))
    container = {"env": [{"name": "PORT", "value": "8080"}], "ports": [{"name": "http", "containerPort": 8080}],
                 "readinessProbe": {"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 1}}
    net.create(pod("web", image="demoapp:1", labels={"app": "web"}, container=container))
    net.wait("web", lambda value: value["status"]["phase"] == "Running")
    address = cluster_ip(net, "web")
    not_ready = eventually(lambda: net.get("endpoints", "web").get("subsets"), what="the Pod in the Endpoints")
    assert "addresses" not in not_ready[0] and len(not_ready[0]["notReadyAddresses"]) == 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, 80), timeout=2)
    net.kubectl("exec", "web", "--", "touch", "/tmp/ready")
    assert reaches(address, 80) == reaches(address, 81) == "web"
    net.kubectl("exec", "web", "--", "rm", "/tmp/ready")

    def refused():
        try:
            socket.create_connection((address, 80), timeout=2).close()
        except ConnectionRefusedError:
            return True
    eventually(refused, 15, "the end of traffic to the Pod")


def test_connections_are_spread_and_clients_stay_where_they_should(net):
    net.create(service("spread", "web"), service("sticky", "web", sessionAffinity="ClientIP"))
    for name in ("a", "b", "c"):
        backend(net, name, "web")
    spread, sticky = cluster_ip(net, "spread"), cluster_ip(net, "sticky")
    eventually(lambda: {reaches(spread) for _ in range(30)} == {"a", "b", "c"}, 20, "answers of all three")
    chosen = reaches(sticky)
    assert {fetch(sticky) for _ in range(20)} == {chosen}
    net.kubectl("delete", "pod", chosen)
    eventually(lambda: reaches(sticky) != chosen, 10, "another Pod for the client")


def test_a_service_without_selector_follows_hand_written_endpoints(web):
    ip = web.get("pod", "web")["status"]["podIP"]
    web.create(service("database", ports=[{"port": 5432, "targetPort": 8080}]),
               {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "database"},
                "subsets": [{"addresses": [{"ip": ip}], "ports": [{"port": 8080}]}]})
    assert reaches(cluster_ip(web, "database"), 5432) == "web"
    slices = json.loads(web.kubectl("get", "endpointslices", "-l", "kubernetes.io/service-name=database", "-o", "json"))
    manager = "endpointslice.kubernetes.io/managed-by"
    assert [s["metadata"]["labels"][manager] for s in slices["items"]] == ["endpointslicemirroring-controller.k8s.io"]


def test_datagrams_of_a_flow_follow_the_endpoints(net):
    """The kernel remembers where a flow went: that must end with the endpoint."""
    node = net.cluster.api.get("/api/v1/nodes").json["items"][0]["status"]["addresses"][0]["address"]
    servers = []
    for word in (b"first", b"second"):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((node, 0))

        def serve(server=server, word=word):
            while True:
                try:
                    server.sendto(word, server.recvfrom(100)[1])
                except OSError:
                    return
        threading.Thread(target=serve, daemon=True).start()
        servers.append(server)
    ports = [server.getsockname()[1] for server in servers]
    net.create(service("echo", ports=[{"port": 7, "protocol": "UDP"}]),
               endpoint_slice("echo", "echo", node, [{"port": ports[0], "protocol": "UDP", "name": ""}]))
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(0.5)
    address = cluster_ip(net, "echo")

    def says(word):
        try:
            client.sendto(b"?", (address, 7))
            return client.recv(100) == word
        except OSError:
            return False
    try:
        eventually(lambda: says(b"first"), 10, "an answer of the first")
        net.kubectl("patch", "endpointslice", "echo", "--type=merge", "-p",
                    json.dumps({"ports": [{"port": ports[1], "protocol": "UDP", "name": ""}]}))
        eventually(lambda: says(b"second"), 5, "an answer of the second")
    finally:
        for one in [*servers, client]:
            one.close()


def test_local_traffic_stays_on_the_node(web):
    ip = web.get("pod", "web")["status"]["podIP"]
    web.create(service("far", internalTrafficPolicy="Local"),
               endpoint_slice("far", "far", ip, [{"port": 8080, "name": ""}], nodeName="another"))
    address = cluster_ip(web, "far")
    eventually(lambda: f"{address} . tcp . 80 : drop" in web.cluster.rules("refused"), 10, "the rules")
    with pytest.raises(TimeoutError):
        socket.create_connection((address, 80), timeout=1)
    web.create(service("balanced", "web", type="LoadBalancer", externalTrafficPolicy="Local"))
    port = web.get("service", "balanced")["spec"]["healthCheckNodePort"]
    answer = eventually(lambda: health(port), 10, "the health check")
    assert answer["localEndpoints"] == 1 and answer["service"]["name"] == "balanced"


def health(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return json.load(answer)
    except OSError:
        return None


def test_a_change_reaches_the_kernel_within_100_ms(web):
    address = cluster_ip(web, "web")
    times = []
    for number in range(1, 6):
        external = f"203.0.113.{100 + number}"
        path = web.path("services", "web")
        start = time.monotonic()
        web.api.patch(path, {"spec": {"externalIPs": [external]}})
        while True:
            try:
                assert fetch(external, timeout=0.02) == "web"
                break
            except OSError:
                assert time.monotonic() - start < 5
        times.append(time.monotonic() - start)
    assert sorted(times)[len(times) // 2] < 0.1, times
    assert fetch(address) == "web"


def test_pods_find_the_api_server_by_its_service(web):
    environment = web.kubectl("exec", "client", "--", "env")
    assert "KUBERNETES_SERVICE_HOST=10.112.0.1\n" in environment and "KUBERNETES_SERVICE_PORT=443\n" in environment
    # busybox's TLS is too old for the server: that a connection comes about is enough.
    script = "timeout 5 nc $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT </dev/null && echo connected"
    assert "connected" in web.kubectl("exec", "client", "--", "sh", "-c", script)
    listed = web.cluster.kubectl("get", "services", "--all-namespaces")
    assert "kube-dns" in listed and "10.112.0.10" in listed


@pytest.mark.restarts
def test_services_work_while_segler_is_away_and_after_it_is_back(web):
    address = cluster_ip(web, "web")
    web.cluster.stop(signal.SIGKILL)
    assert fetch(address) == "web"
    failures, done = [], threading.Event()

    def load():
        while not done.is_set():
            try:
                fetch(address)
            except OSError as error:
                failures.append(error)
    thread = threading.Thread(target=load)
    thread.start()
    try:
        web.cluster.start("--listen", f"0.0.0.0:{web.cluster.port}", "--service-cidr", "10.112.0.0/16")
        web.create(service("second", "web"))
        assert reaches(cluster_ip(web, "second")) == "web"
    finally:
        done.set()
        thread.join()
    assert not failures, failures
