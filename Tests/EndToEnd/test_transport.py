"""The real listeners against those who mean no good: old TLS, slow and endless requests, thousands of connections."""
import http.client
import resource
import socket
import ssl
import time

import pytest
from segler import hunt, run


def handshake(port, *options):
    done = run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options, input="")
    return done.stdout if "Cipher is" in done.stdout and "Cipher is (NONE)" not in done.stdout else ""


def listeners(server):
    """Every TCP port on which the server's processes listen, as (address, port)."""
    found = set()
    for line in run("ss", "-Hltnp").stdout.splitlines():
        if any(f"pid={pid}," in line for pid in [server.process.pid, *server.processes()]):
            address, _, port = line.split()[3].rpartition(":")
            found.add((address.strip("[]"), int(port)))
    return found


def test_only_modern_tls(control_plane):
    port = control_plane.port
    for version in ("-tls1_2", "-tls1_3"):
        assert handshake(port, version), version
    # @SECLEVEL=0 lets this client offer what it would not by itself.
    for options in (["-tls1"], ["-tls1_1"], ["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"],
                    ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0"],
                    ["-tls1_2", "-cipher", "DHE:kRSA:CAMELLIA:ARIA:PSK:eNULL:aNULL:@SECLEVEL=0"]):
        cipher = [] if "-cipher" in options else ["-cipher", "ALL:@SECLEVEL=0"]
        assert not handshake(port, *options, *cipher), options
    told = handshake(port, "-tls1_2")
    assert "Compression: NONE" in told and "Secure Renegotiation IS supported" in told
    renegotiated = run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2", input="R\n")
    assert "error" in (renegotiated.stdout + renegotiated.stderr).lower()


def test_no_listener_without_tls(cluster):
    """All but what listens on loopback and on the Pods' own network: the cluster's DNS."""
    gateway = ".".join([*cluster.network.split(".")[:3], "1"])
    ports = listeners(cluster)
    assert ("127.0.0.1", cluster.port) in ports
    for address, port in ports:
        if address == gateway or port == cluster.port:
            continue
        with socket.create_connection((address if address not in ("*", "0.0.0.0", "::") else "127.0.0.1", port), 5) as plain:
            plain.settimeout(5)
            try:
                plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = plain.recv(100)
            except OSError:
                answer = b""
        assert not answer.startswith(b"HTTP/1.1 200") or address.startswith("127."), (address, port, answer)


def asked(server, timeout=5):
    """How long a polite client waits for its answer, in seconds."""
    started = time.monotonic()
    context = ssl.create_default_context(cafile=server.data / "pki/ca.crt")
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=timeout)
    connection.request("GET", "/api/v1/namespaces/default", headers={"Authorization": "Bearer " + server.token})
    assert connection.getresponse().status == 200
    connection.close()
    return time.monotonic() - started


def connect(server):
    context = ssl.create_default_context(cafile=server.data / "pki/ca.crt")
    return context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), 20), server_hostname="127.0.0.1")


@pytest.fixture(scope="module")
def target(new_server):
    server = new_server("target")
    server.start()
    yield server
    server.destroy()


def test_slow_clients_hold_nobody_up(target):
    """Headers that come letter by letter, bodies that never end: cut off in time, and others are answered meanwhile."""
    slow = [connect(target) for _ in range(200)]
    for number, one in enumerate(slow):
        one.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\nX-Slow: " if number % 2 else
                    b"POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{")
    ended, began = set(), time.monotonic()
    while time.monotonic() - began < 14:
        for one in slow:
            if one in ended:
                continue
            try:
                one.sendall(b"x")
            except OSError:
                ended.add(one)
        assert asked(target) < 3
        time.sleep(0.5)
    # Ten seconds for headers (bodies may take a minute).
    assert len(ended) >= 100 - 2, len(ended)
    for one in slow:
        one.close()


@pytest.mark.parametrize("request_bytes, status", [
    (b"GET /version HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 100) for i in range(1000)) + b"\r\n", 431),
    (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    (b"POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n", 413),
    (b"POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
     (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 80, 413),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"\x16\x03\x01 nonsense\r\n\r\n", 400),
])
def test_floods_are_refused(target, request_bytes, status):
    with connect(target) as one:
        one.settimeout(20)
        try:
            one.sendall(request_bytes)
        except OSError:
            pass  # It has heard enough already.
        answer = b""
        try:
            answer = one.recv(1000)
        except OSError:
            pass
    # An answer may be lost with the connection when the client still sends; the server must live either way.
    assert not answer or answer.startswith(b"HTTP/1.1 %d" % status), answer[:100]
    assert asked(target) < 2


def test_thousands_of_idle_connections(target):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(3000, hard - 500)

    def memory():
        return int(run("ps", "-o", "rss=", "-p", target.process.pid).stdout) // 1024
    before, idle = memory(), []
    try:
        idle = [connect(target) for _ in range(count)]
        assert max(asked(target) for _ in range(20)) < 2
        # 60 KB each would be 180 MB.
        assert memory() - before < 60 * count // 1024, f"{memory() - before} MB for {count} connections"
    finally:
        for one in idle:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert asked(target) < 2


def test_who_speaks_no_tls_at_all(target):
    for opening in (b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 1000, b"\x16\x03\x01\xff\xff" + b"\xff" * 70000):
        with socket.create_connection(("127.0.0.1", target.port), 5) as plain:
            plain.settimeout(15)
            try:
                plain.sendall(opening)
                answer = plain.recv(100)
            except OSError:
                answer = b""
            assert not answer.startswith(b"HTTP/"), answer
    assert asked(target) < 2


def test_kube_hunter_finds_nothing_at_the_server(own_server):
    """https://pypi.org/project/kube-hunter/, which knows the usual ports only. The version is public, as upstream's (KHV002), and
    a token shows that there is an API (KHV005)."""
    own_server.start("--listen", "127.77.0.1:6443")
    made = own_server.kubectl("create", "token", "default", "-n", "default").strip()
    assert hunt("127.77.0.1") == ({"API Server"}, {"KHV002"})
    assert hunt("127.77.0.1", "--service-account-token", made) == ({"API Server"}, {"KHV002", "KHV005"})
