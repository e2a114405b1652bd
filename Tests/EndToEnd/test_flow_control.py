"""API priority and fairness: the levels of a new cluster, and what a level of one's own does."""
import concurrent.futures
import time

from segler import config_map, eventually

GROUP = "/apis/flowcontrol.apiserver.k8s.io/v1"


def test_a_new_cluster_has_the_levels_and_schemas_of_upstream(control_plane):
    kubectl = control_plane.kubectl
    text = kubectl("get", "flowschemas")
    rows = {line.split()[0]: line.split()[1:4] for line in text.splitlines()[1:]}
    assert rows["exempt"] == ["exempt", "1", "<none>"]
    assert rows["system-nodes"] == ["system", "500", "ByUser"]
    assert rows["catch-all"] == ["catch-all", "10000", "ByUser"]
    assert len(rows) == 13
    levels = kubectl("get", "prioritylevelconfigurations")
    assert {line.split()[0] for line in levels.splitlines()[1:]} == {
        "catch-all", "exempt", "global-default", "leader-election", "node-high", "system", "workload-high",
        "workload-low"}
    eventually(lambda: all(line.split()[-1] == "False" for line in kubectl("get", "flowschemas").splitlines()[1:]))


def test_a_schema_without_its_level_is_dangling(control_plane):
    api = control_plane.api
    schema = {"metadata": {"name": "lost"}, "spec": {
        "priorityLevelConfiguration": {"name": "nowhere"}, "matchingPrecedence": 50, "rules": [{
            "subjects": [{"kind": "User", "user": {"name": "nobody"}}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}]}]}}
    assert api.post(f"{GROUP}/flowschemas", schema).status == 201

    def dangling():
        conditions = api.get(f"{GROUP}/flowschemas/lost").json.get("status", {}).get("conditions", [])
        return [c["status"] for c in conditions if c["type"] == "Dangling"]
    eventually(lambda: dangling() == ["True"])
    level = {"metadata": {"name": "nowhere"}, "spec": {"type": "Limited", "limited": {
        "nominalConcurrencyShares": 1, "limitResponse": {"type": "Reject"}}}}
    assert api.post(f"{GROUP}/prioritylevelconfigurations", level).status == 201
    eventually(lambda: dangling() == ["False"])
    api.delete(f"{GROUP}/flowschemas/lost")
    api.delete(f"{GROUP}/prioritylevelconfigurations/nowhere")


def test_a_level_that_rejects_answers_429_and_names_itself(control_plane, api_ns):
    """One seat and no queue: of many writes at once some are refused, and others are not hurt by it."""
    api = control_plane.api
    level = api.post(f"{GROUP}/prioritylevelconfigurations", {"metadata": {"name": "narrow"}, "spec": {
        "type": "Limited", "limited": {"nominalConcurrencyShares": 0, "limitResponse": {"type": "Reject"}}}}).json
    schema = api.post(f"{GROUP}/flowschemas", {"metadata": {"name": "narrow"}, "spec": {
        "priorityLevelConfiguration": {"name": "narrow"}, "matchingPrecedence": 10, "rules": [{
            "subjects": [{"kind": "User", "user": {"name": "greedy"}}],
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"]}]}]}}).json
    maps = api_ns.path("configmaps")
    api.post(f"/apis/rbac.authorization.k8s.io/v1/namespaces/{api_ns.name}/rolebindings", {
        "metadata": {"name": "greedy"}, "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "greedy"}]})

    def write(n):
        return api.request("POST", maps, config_map(f"m{n}", {"a": "b" * 1000}), headers={"Impersonate-User": "greedy"})

    refused, written, begin = [], [], time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        n = 0
        while not (refused and written) and time.monotonic() < begin + 60:
            for answer in pool.map(write, range(n, n + 100)):
                (written if answer.status == 201 else refused).append(answer)
            n += 100
    assert written and refused and {r.status for r in refused} == {429}
    assert refused[0].json["reason"] == "TooManyRequests"
    headers = {k.lower(): v for k, v in refused[0].headers.items()}
    assert headers["x-kubernetes-pf-flowschema-uid"] == schema["metadata"]["uid"]
    assert headers["x-kubernetes-pf-prioritylevel-uid"] == level["metadata"]["uid"]
    for kind in ("flowschemas", "prioritylevelconfigurations"):
        api.delete(f"{GROUP}/{kind}/narrow")
