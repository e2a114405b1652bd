"""The cluster's DNS, as Pods and the node see it."""
import random
import socket
import struct

import pytest
from segler import eventually, run
from test_services import backend, cluster_ip, service

A, PTR, SRV, TXT = 1, 12, 33, 16
SERVER = "10.112.0.10"


def ask(name, kind=A, tcp=False, edns=None):
    """(code, answers as texts, is truncated) of one query to the cluster's DNS."""
    ident = random.randrange(65536)
    query = struct.pack(">6H", ident, 0x100, 1, 0, 0, 1 if edns else 0)
    query += b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    query += struct.pack(">2H", kind, 1) + (b"\0" + struct.pack(">2HIH", 41, edns, 0, 0) if edns else b"")
    if tcp:
        with socket.create_connection((SERVER, 53), timeout=5) as connection:
            connection.sendall(struct.pack(">H", len(query)) + query)
            with connection.makefile("rb") as stream:
                answer = stream.read(struct.unpack(">H", stream.read(2))[0])
    else:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
            connection.settimeout(5)
            connection.connect((SERVER, 53))
            connection.send(query)
            answer = connection.recv(4096)
    got, flags, questions, count = struct.unpack(">4H", answer[:8])
    assert got == ident and flags & 0x8000 and questions == 1
    at, found = skip(answer, 12) + 4, []
    for _ in range(count):
        at = skip(answer, at)
        kind, _, _, length = struct.unpack(">2HIH", answer[at:at + 10])
        data = at + 10
        at = data + length
        if kind == A:
            found.append(socket.inet_ntoa(answer[data:at]))
        elif kind == SRV:
            found.append(f"{struct.unpack('>H', answer[data + 4:data + 6])[0]} {text(answer, data + 6)}")
        elif kind in (PTR, 5):
            found.append(text(answer, data))
        else:
            found.append(answer[data + 1:at].decode())
    return flags & 15, sorted(found), bool(flags & 0x200)


def skip(message, at):
    while message[at]:
        if message[at] >= 0xC0:
            return at + 2
        at += message[at] + 1
    return at + 1


def text(message, at):
    labels = []
    while message[at]:
        if message[at] >= 0xC0:
            at = struct.unpack(">H", message[at:at + 2])[0] & 0x3FFF
        else:
            labels.append(message[at + 1:at + 1 + message[at]].decode())
            at += message[at] + 1
    return ".".join(labels)


def knows(name, kind=A):
    return eventually(lambda: ask(name, kind)[1], 10, f"an answer for {name}")


@pytest.mark.parametrize("tcp", [False, True])
def test_services_and_their_ports_have_names(net, tcp):
    net.create(service("web", "web", ports=[{"name": "http", "port": 80}]))
    address, base = cluster_ip(net, "web"), f"web.{net.name}.svc.cluster.local"
    knows(base)
    assert ask(base, tcp=tcp) == (0, [address], False)
    assert ask(base.upper(), tcp=tcp)[1] == [address]
    assert ask(f"_http._tcp.{base}", SRV, tcp=tcp)[1] == [f"80 {base}"]
    assert ask(".".join(reversed(address.split("."))) + ".in-addr.arpa", PTR, tcp=tcp)[1] == [base]
    assert ask(base, 28, tcp=tcp)[:2] == (0, [])
    assert ask(f"no-{base}", tcp=tcp)[:2] == (3, [])
    assert ask("dns-version.cluster.local", TXT, tcp=tcp)[1] == ["1.1.0"]
    assert ask(f"10-1-2-3.{net.name}.pod.cluster.local", tcp=tcp)[1] == ["10.1.2.3"]


def test_headless_services_have_the_addresses_of_their_pods(net):
    net.create(service("db", "db", clusterIP="None"))
    addresses = {}
    for name in ("db-0", "db-1"):
        value = backend(net, name, "db", hostname=name, subdomain="db")
        addresses[name] = value["status"]["podIP"]
    base = f"db.{net.name}.svc.cluster.local"
    eventually(lambda: ask(base)[1] == sorted(addresses.values()), 10, "both addresses")
    assert ask(f"db-0.{base}")[1] == [addresses["db-0"]]
    reverse = ".".join(reversed(addresses["db-1"].split("."))) + ".in-addr.arpa"
    assert ask(reverse, PTR)[1] == [f"db-1.{base}"]


def test_external_names_stand_for_others_and_their_addresses_come_along(net):
    net.create(service("web"), {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "out"},
                                "spec": {"type": "ExternalName",
                                         "externalName": f"web.{net.name}.svc.cluster.local"}})
    base = f"{net.name}.svc.cluster.local"
    knows(f"out.{base}")
    assert ask(f"out.{base}")[1] == sorted([f"web.{base}", cluster_ip(net, "web")])


def test_long_answers_are_cut_and_whole_over_tcp(net):
    addresses = [f"192.0.2.{n}" for n in range(1, 101)]
    net.create(service("many", clusterIP="None"),
               {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                "metadata": {"name": "many", "labels": {"kubernetes.io/service-name": "many"}},
                "endpoints": [{"addresses": [a]} for a in addresses], "ports": [{"port": 80, "name": ""}]})
    name = f"many.{net.name}.svc.cluster.local"
    knows(name)
    assert ask(name)[2] and len(ask(name)[1]) < 40
    assert len(ask(name)[1]) < len(ask(name, edns=4096)[1]) < 100
    assert ask(name, tcp=True) == (0, sorted(addresses), False)


def test_pods_use_it_with_search_paths(net):
    net.create(service("web", "web"))
    net.run("client", script="sleep 1000")
    config = net.kubectl("exec", "client", "--", "cat", "/etc/resolv.conf")
    assert f"nameserver {SERVER}" in config and "ndots:5" in config
    assert f"search {net.name}.svc.cluster.local svc.cluster.local cluster.local" in config
    address = cluster_ip(net, "web")
    for name in (f"web.{net.name}.svc.cluster.local", f"web.{net.name}.svc.cluster.local."):
        found = net.kubectl("exec", "client", "--", "timeout", "5", "nslookup", "-type=a", name)
        assert address in found.split("Name:")[-1]


def test_names_that_are_not_the_clusters_are_asked_of_the_nodes_resolvers(net):
    code, _, _ = ask("segler.invalid")
    # By RFC 6761 nobody has this name; where no resolver can be reached, that is said instead.
    assert code in (2, 3)


STRANGER = "198.51.100.77"


@pytest.fixture
def stranger():
    """An address of this machine that is neither a Pod's nor the node's."""
    run("ip", "address", "add", f"{STRANGER}/32", "dev", "lo")
    yield STRANGER
    run("ip", "address", "delete", f"{STRANGER}/32", "dev", "lo")


def test_strangers_get_no_answer(net, stranger):
    slices = net.cluster.api.get(
        "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices").json["items"]
    only, = [s for s in slices if s["metadata"]["name"].startswith("kube-dns-")]
    port = next(p["port"] for p in only["ports"] if p["protocol"] == "UDP")
    node = only["endpoints"][0]["addresses"][0]
    query = struct.pack(">6H", 1, 0x100, 1, 0, 0, 0) + b"\x07cluster\x05local\0" + struct.pack(">2H", A, 1)

    def answer(source):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
            connection.bind((source, 0))
            connection.settimeout(1)
            connection.sendto(query, (node, port))
            return connection.recv(512)
    assert answer(node)
    with pytest.raises(TimeoutError):
        answer(stranger)
