"""ResourceQuotas, PodDisruptionBudgets and certificates: what is refused, and what is given."""
import base64
import concurrent.futures
import json
import subprocess

from segler import base64_text, config_map, eventually, pod


def quota(name, **hard):
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name},
            "spec": {"hard": {key.replace("__", "/").replace("_", "."): value for key, value in hard.items()}}}


def used(ns, name):
    return ns.get("resourcequota", name).get("status", {}).get("used", {})


def test_a_quota_refuses_what_is_too_much(api_ns):
    ns = api_ns
    ns.create(quota("q", pods="2", requests_cpu="1", count__configmaps="4"))
    eventually(lambda: used(ns, "q") == {"pods": "0", "requests.cpu": "0", "count/configmaps": "2"}, what="usage")

    def asking(name, cpu):
        return pod(name, container={"resources": {"requests": {"cpu": cpu}}})
    ns.create(asking("a", "600m"))
    assert used(ns, "q")["requests.cpu"] == "600m"
    refused = ns.kubectl_refused("create", "-f", "-", input=asking("b", "500m"))
    assert ('pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, '
            'limited: requests.cpu=1') in refused
    assert "failed quota: q: must specify requests.cpu for: c" in ns.kubectl_refused(
        "create", "-f", "-", input=pod("c"))
    ns.create(asking("b", "400m"))
    assert "exceeded quota: q, requested: pods=1,requests.cpu=1m, used: pods=2,requests.cpu=1, limited: pods=2,requests.cpu=1" \
        in ns.kubectl_refused("create", "-f", "-", input=asking("d", "1m"))
    ns.kubectl("delete", "pod", "a", "--force")
    eventually(lambda: used(ns, "q")["pods"] == "1", what="the place that became free")
    ns.create(asking("e", "600m"))


def test_many_writers_cannot_pass_together(api_ns):
    ns = api_ns
    ns.create(quota("q", count__configmaps="7"))
    eventually(lambda: used(ns, "q") == {"count/configmaps": "2"}, what="usage")

    def create(number):
        return ns.api.post(ns.path("configmaps"), config_map(f"c{number}")).status
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(create, range(40)))
    assert sorted(set(answers)) == [201, 403]
    assert answers.count(201) == 5
    assert used(ns, "q") == {"count/configmaps": "7"}


def test_a_write_that_fails_costs_nothing(api_ns):
    ns = api_ns
    ns.create(quota("q", count__configmaps="9"))
    eventually(lambda: used(ns, "q") == {"count/configmaps": "2"}, what="usage")
    ns.create(config_map("c"))
    assert "already exists" in ns.kubectl_refused("create", "-f", "-", input=config_map("c"))
    ns.kubectl("create", "-f", "-", "--dry-run=server", input=config_map("d"))
    assert used(ns, "q") == {"count/configmaps": "3"}


def test_a_budget_holds_back_evictions_and_drains(ns):
    labels = {"app": "guarded"}
    ns.run("one", script="sleep 600", labels=labels)
    ns.create({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"},
                      "spec": {"minAvailable": 1, "selector": {"matchLabels": labels}}})

    def status():
        return ns.get("pdb", "b").get("status", {})
    eventually(lambda: status().get("currentHealthy") == 1, what="one healthy Pod")
    assert status()["disruptionsAllowed"] == 0 and status()["desiredHealthy"] == 1
    node = ns.get("pod", "one")["spec"]["nodeName"]
    refused = ns.kubectl_refused("drain", node, "--force", "--ignore-daemonsets", "--timeout=3s",
                                        "--pod-selector=app=guarded")
    ns.kubectl("uncordon", node)
    assert "Cannot evict pod as it would violate the pod's disruption budget." in refused
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "one"}}
    answer = ns.api.post(ns.path("pods", "one") + "/eviction", eviction)
    assert answer.status == 429
    assert answer.json["details"]["causes"] == [
        {"reason": "DisruptionBudget", "message": "The disruption budget b needs 1 healthy pods and has 1 currently"}]

    ns.run("two", script="sleep 600", labels=labels)
    eventually(lambda: status().get("disruptionsAllowed") == 1, what="a disruption to spare")
    assert ns.api.post(ns.path("pods", "one") + "/eviction", eviction).status == 201
    eventually(lambda: ns.kubectl_result("get", "pod", "one").returncode != 0, 60, "the evicted Pod's end")


def test_a_certificate_is_approved_signed_and_works(control_plane, tmp_path):
    server, key, request = control_plane, tmp_path / "ann.key", tmp_path / "ann.csr"
    subprocess.run(["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request,
                    "-subj", "/O=devs/CN=ann"], check=True, capture_output=True)
    value = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": "ann"},
             "spec": {"request": base64_text(request.read_text()), "signerName": "kubernetes.io/kube-apiserver-client",
                      "expirationSeconds": 86400, "usages": ["client auth"]}}
    server.kubectl("create", "-f", "-", input=value)
    assert "Pending" in server.kubectl("get", "csr", "ann")
    server.kubectl("certificate", "approve", "ann")

    def issued():
        return json.loads(server.kubectl("get", "csr", "ann", "-o", "json"))["status"].get("certificate")
    certificate = tmp_path / "ann.crt"
    certificate.write_bytes(base64.b64decode(eventually(issued, what="the certificate")))
    assert "Approved,Issued" in server.kubectl("get", "csr", "ann")
    text = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-subject", "-ext", "extendedKeyUsage"],
                          check=True, capture_output=True, text=True).stdout
    assert "CN = ann" in text and "TLS Web Client Authentication" in text
    who = subprocess.run(
        ["curl", "-sS", "--cacert", server.data / "pki/ca.crt", "--cert", certificate, "--key", key, "-X", "POST",
         "-H", "Content-Type: application/json", "-d",
         '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}',
         f"https://127.0.0.1:{server.port}/apis/authentication.k8s.io/v1/selfsubjectreviews"],
        check=True, capture_output=True, text=True).stdout
    assert json.loads(who)["status"]["userInfo"]["username"] == "ann"
    server.kubectl("delete", "csr", "ann")


def test_a_request_that_its_signer_does_not_sign_fails(control_plane, tmp_path):
    server, request = control_plane, tmp_path / "x.csr"
    subprocess.run(["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "k", "-out", request,
                    "-subj", "/O=devs/CN=x"], check=True, capture_output=True)
    value = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": "x"},
             "spec": {"request": base64_text(request.read_text()), "signerName": "kubernetes.io/kubelet-serving",
                      "usages": ["server auth", "digital signature"]}}
    server.kubectl("create", "-f", "-", input=value)
    server.kubectl("certificate", "approve", "x")

    def failed():
        found = json.loads(server.kubectl("get", "csr", "x", "-o", "json"))["status"]["conditions"]
        return next((c for c in found if c["type"] == "Failed"), None)
    assert eventually(failed, what="the condition Failed")["reason"] == "SignerValidationFailure"
    server.kubectl("delete", "csr", "x")
