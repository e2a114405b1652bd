"""HTTP to Pods, Services and nodes through the API server."""
import json
import re

import pytest
from segler import Lines, pod, run

PAGE = '<html><a href="/there">a</a> <a href="http://elsewhere/x">b</a> "/not"</html>'


@pytest.fixture
def web(ns):
    """A Pod that serves a page, a script that echoes and one that redirects, on port 3306."""
    echo = r"#!/bin/sh\nprintf 'content-type: text/plain\r\n\r\n'; echo \$REQUEST_METHOD \$REQUEST_URI; cat"
    move = r"#!/bin/sh\nprintf 'Status: 302 Found\r\nLocation: /there\r\n\r\n'"
    ns.run("web", labels={"app": "web"}, container={"ports": [{"name": "http", "containerPort": 3306}]}, script=f"""
        mkdir -p /w/cgi-bin; echo '{PAGE}' > /w/index.html; echo there > /w/there
        printf "{echo}" > /w/cgi-bin/echo; printf "{move}" > /w/cgi-bin/move; chmod +x /w/cgi-bin/*
        httpd -p 3306 -h /w; echo up; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done""")
    ns.says("web", "up")
    return ns


def proxy(ns, name, rest="/", kind="pods"):
    return ns.path(kind, name) + "/proxy" + rest


@pytest.mark.parametrize("name", ["web", "web:3306", "web:http", "http:web:3306"])
def test_a_pod_is_reached_by_every_form_of_its_name(web, name):
    answer = web.api.get(proxy(web, name, "/there"))
    assert (answer.status, answer.text) == (200, "there\n")


def test_links_lead_back_through_the_proxy(web):
    base = proxy(web, "web", "")
    assert web.api.get(base + "/").text == PAGE.replace('"/there"', f'"{base}/there"') + "\n"
    moved = web.api.get(base)
    assert (moved.status, moved.headers["location"]) == (301, base + "/")
    moved = web.api.get(base + "/cgi-bin/move")
    assert (moved.status, moved.headers["location"]) == (302, base + "/there")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_method_query_and_body_arrive(web, method):
    body = "hello" if method == "POST" else None
    answer = web.api.request(method, proxy(web, "web", "/cgi-bin/echo?a=b%20c"), body, content_type="text/plain")
    assert answer.text == f"{method} /cgi-bin/echo?a=b%20c\n" + (body or ""), answer


def test_what_cannot_be_reached_is_named(web):
    closed = web.api.get(proxy(web, "web:81"))
    assert closed.status == 503 and "error trying to reach service" in closed.json["message"]
    assert web.api.get(proxy(web, "nobody")).status == 404
    assert web.api.get(proxy(web, "web:nothing")).status == 400


def test_a_service_leads_to_its_endpoints(web):
    web.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front"},
                "spec": {"ports": [{"name": "http", "port": 80, "targetPort": 3306}]}})
    none = web.api.get(proxy(web, "front:http", kind="services"))
    assert none.status == 503 and "no endpoints available for service" in none.json["message"]
    address = web.get("pod", "web")["status"]["podIP"]
    web.create({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                "metadata": {"name": "front-1", "labels": {"kubernetes.io/service-name": "front"}},
                "ports": [{"name": "http", "port": 3306}], "endpoints": [{"addresses": [address]}]})
    for name in ("front", "front:http", "front:80", "http:front:http"):
        answer = web.api.get(proxy(web, name, "/there", "services"))
        assert (answer.status, answer.text) == (200, "there\n"), name


def test_the_api_servers_own_machine_is_no_target(ns):
    ns.create(pod("trick", nodeSelector={"no": "node"}))
    status = {"status": {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}}
    assert ns.api.patch(ns.path(name="trick") + "/status", status).status == 200
    assert ns.api.get(proxy(ns, f"trick:{ns.cluster.port}")).status == 403


def test_kubectl_proxy_reaches_the_pod(web):
    with web.cluster.kubectl_running("proxy", "--port=0") as kubectl:
        port = re.search(r":(\d+)", Lines(kubectl.stdout).until("Starting to serve"))[1]
        answer = run("curl", "-sf", f"http://127.0.0.1:{port}{proxy(web, 'web', '/there')}")
        assert answer.stdout == "there\n"


def test_a_node_answers_through_its_proxy(ns):
    ns.run("here", script="trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done")
    node = ns.get("pod", "here")["spec"]["nodeName"]
    base = f"/api/v1/nodes/{node}/proxy"
    assert ns.api.get(base + "/healthz").text == "ok"
    assert "here" in {p["metadata"]["name"] for p in ns.api.get(base + "/pods").json["items"]}
    assert ns.api.get(base + "/nothing").status == 404
    summary = json.loads(ns.cluster.kubectl("get", "--raw", base + "/stats/summary"))
    assert summary["node"]["nodeName"] == node
    assert (ns.name, "here") in {(p["podRef"]["namespace"], p["podRef"]["name"]) for p in summary["pods"]}
