"""Who may do what: roles, bindings, nodes, and that nobody gives away what they do not have."""
import json

import pytest
from segler import config_map, eventually, pod

RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def api(control_plane):
    return control_plane.api


def token(ns, account):
    ns.kubectl("create", "serviceaccount", account)
    return ns.kubectl("create", "token", account).strip()


def as_user(ns, user, *arguments, groups=(), refused=False, **options):
    impersonated = ["--as", user, *(f"--as-group={g}" for g in (*groups, "system:authenticated"))]
    return (ns.kubectl_refused if refused else ns.kubectl)(*impersonated, *arguments, **options)


# What a subject with one of the default roles may do in its namespace: verb, resource, path, who may.
MATRIX = [
    ("GET", "pods", {"view", "edit", "admin"}), ("GET", "configmaps", {"view", "edit", "admin"}),
    ("GET", "secrets", {"edit", "admin"}), ("POST", "configmaps", {"edit", "admin"}),
    ("GET", "roles", {"admin"}), ("POST", "roles", {"admin"}), ("GET", "deployments", {"view", "edit", "admin"}),
]


@pytest.mark.parametrize("role", ["view", "edit", "admin", None])
def test_the_default_roles_give_what_their_names_say(api, api_ns, role):
    secret = token(api_ns, "someone")
    if role:
        api_ns.kubectl("create", "rolebinding", "b", f"--clusterrole={role}", f"--serviceaccount={api_ns.name}:someone")
        path = api_ns.path("pods")
        eventually(lambda: api.get(path, token=secret).status == 200, what="the aggregated role")
    groups = {"roles": f"/apis/{RBAC}/v1", "deployments": "/apis/apps/v1"}
    for method, resource, allowed in MATRIX:
        for namespace in (api_ns.name, "default"):
            path = f"{groups.get(resource, '/api/v1')}/namespaces/{namespace}/{resource}"
            body = {"metadata": {"name": "made"}} if method == "POST" else None
            if resource == "roles" and body:
                body = {**body, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
            answer = api.request(method, path, body, token=secret)
            expected = role in allowed and namespace == api_ns.name
            assert (answer.status < 300) == expected, (role, method, path, answer)
            assert expected or answer.status == 403


# What each may do with objects of one namespace: r(ead), c(reate), u(pdate), p(atch), d(elete), or all, as the documentation of the default roles
# has it (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings). The columns are USERS.
USERS = ["nobody", "view", "edit", "admin", "cluster-admin", "node", "scheduler", "job"]
TABLE = """
pods                                        -  r  all   all   all   c  rd    all
pods/log                                    -  r  r     r     all  -  -     -
pods/exec                                   -  -  all   all   all   -  -     -
pods/binding                                -  -  -     -     all  -  c     -
pods/status                                 -  r  r     r     all  -  up     -
configmaps                                  -  r  all  all  all  -  -     -
secrets                                     -  -  all  all  all  -  -     -
services                                    -  r  all  all  all  r  r     -
endpoints                                   -  r  r     r     all  -  -     -
serviceaccounts                             -  r  all  all  all  -  -     -
serviceaccounts/token                       -  -  c     c     all  -  -     -
persistentvolumeclaims                      -  r  all  all  all  -  rup   -
resourcequotas                              -  r  r     r     all  -  -     -
limitranges                                 -  r  r     r     all  -  -     -
replicationcontrollers                      -  r  all  all  all  -  r     -
events                                      -  r  all   all   all   cup cup  cup
deployments.apps                            -  r  all  all  all  -  -     -
replicasets.apps                            -  r  all  all  all  -  r     -
jobs.batch                                  -  r  all   all   all   -  -     rup
ingresses.networking.k8s.io                 -  r  all  all  all  -  -     -
networkpolicies.networking.k8s.io           -  r  all  all  all  -  -     -
poddisruptionbudgets.policy                 -  r  all  all  all  -  r     -
roles.rbac.authorization.k8s.io             -  -  -     all  all  -  -     -
rolebindings.rbac.authorization.k8s.io      -  -  -     all  all  -  -     -
leases.coordination.k8s.io                  -  -  all   all   all   -  c     -
nodes                                       -  -  -     -     all  rc r     -
namespaces                                  -  -  -     -     all  -  r     -
persistentvolumes                           -  -  -     -     all  -  rup   -
clusterroles.rbac.authorization.k8s.io      -  -  -     -     all  -  -     -
customresourcedefinitions.apiextensions.k8s.io - - -   -     all  -  -     -
""".strip().splitlines()
WORDS = {"r": ["list", "watch"], "c": ["create"], "u": ["update"], "p": ["patch"], "d": ["delete"]}


def test_a_table_of_users_verbs_and_resources(api, api_ns):
    subjects = {"nobody": ("ann", []), "node": ("system:node:one", ["system:nodes"]),
                "scheduler": ("system:kube-scheduler", []), "cluster-admin": ("root", ["system:masters"]),
                "job": ("system:serviceaccount:kube-system:job-controller",
                        ["system:serviceaccounts", "system:serviceaccounts:kube-system"])}
    for role in ("view", "edit", "admin"):
        subjects[role] = (f"{api_ns.name}-{role}", [])
        api_ns.kubectl("create", "rolebinding", role, f"--clusterrole={role}", f"--user={subjects[role][0]}")
    wrong, asked = [], 0
    for line in TABLE:
        resource, *cells = line.split()
        resource, _, subresource = resource.partition("/")
        resource, _, group = resource.partition(".")
        is_local = resource not in {"nodes", "namespaces", "persistentvolumes", "clusterroles", "customresourcedefinitions"}
        for user, cell in zip(USERS, cells, strict=True):
            name, groups = subjects[user]
            for letter, verbs in WORDS.items():
                for verb in verbs:
                    review = api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", {"spec": {
                        "user": name, "groups": [*groups, "system:authenticated"], "resourceAttributes": {
                            "verb": verb, "group": group, "resource": resource, "subresource": subresource,
                            "namespace": api_ns.name if is_local else ""}}}).json
                    asked += 1
                    if review["status"]["allowed"] is not (cell == "all" or letter in cell):
                        wrong.append(f"{user} {verb} {resource}/{subresource}: {review['status']['allowed']}")
    assert not wrong, "\n".join(wrong)
    assert asked == len(TABLE) * len(USERS) * 6


def test_a_refusal_says_who_may_not_do_what_and_where(api_ns):
    refusal = as_user(api_ns, "ann", "get", "pods", refused=True)
    assert (f'pods is forbidden: User "ann" cannot list resource "pods" in API group "" in the namespace "{api_ns.name}"'
            in refusal)


def test_a_binding_counts_at_once_and_no_longer_than_it_exists(api, api_ns):
    secret = token(api_ns, "reader")
    path = api_ns.path("configmaps")
    api_ns.kubectl("create", "role", "r", "--verb=get,list", "--resource=configmaps")
    for _ in range(5):
        assert api.get(path, token=secret).status == 403
        api_ns.kubectl("create", "rolebinding", "b", "--role=r", f"--serviceaccount={api_ns.name}:reader")
        assert api.get(path, token=secret).status == 200
        api_ns.kubectl("delete", "rolebinding", "b")


def test_a_rule_can_name_objects_and_subresources(api, api_ns):
    api_ns.create(config_map("mine"), config_map("other"))
    api_ns.kubectl("create", "role", "r", "--verb=get", "--resource=configmaps", "--resource-name=mine")
    api_ns.kubectl("create", "rolebinding", "b", "--role=r", "--user=ann")
    assert "mine" in as_user(api_ns, "ann", "get", "configmap", "mine")
    assert "forbidden" in as_user(api_ns, "ann", "get", "configmap", "other", refused=True)
    assert "forbidden" in as_user(api_ns, "ann", "get", "configmaps", refused=True)
    api_ns.kubectl("create", "role", "logs", "--verb=get", "--resource=pods/log")
    api_ns.kubectl("create", "rolebinding", "l", "--role=logs", "--user=ann")
    assert "yes" in as_user(api_ns, "ann", "auth", "can-i", "get", "pods", "--subresource=log")
    assert "no" in api_ns.kubectl_result("--as=ann", "auth", "can-i", "get", "pods").stdout


def test_nobody_gives_away_rights_they_do_not_have(api_ns):
    api_ns.kubectl("create", "rolebinding", "b", "--clusterrole=admin", "--user=boss")
    eventually(lambda: api_ns.kubectl_result("--as=boss", "--as-group=system:authenticated", "create", "role", "fine",
                                             "--verb=get", "--resource=pods").returncode == 0, what="the aggregated role")
    refusal = as_user(api_ns, "boss", "create", "role", "nodes", "--verb=get", "--resource=nodes", refused=True)
    assert "attempting to grant RBAC permissions not currently held" in refusal
    assert '{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}' in refusal
    refusal = as_user(api_ns, "boss", "create", "rolebinding", "up", "--clusterrole=cluster-admin", "--user=boss", refused=True)
    assert "not currently held" in refusal
    as_user(api_ns, "boss", "create", "rolebinding", "down", "--clusterrole=view", "--user=friend")
    # Who has the verbs may.
    api_ns.kubectl("create", "role", "free", "--verb=escalate,bind", f"--resource=roles.{RBAC},clusterroles.{RBAC}")
    api_ns.kubectl("create", "rolebinding", "free", "--role=free", "--user=boss")
    as_user(api_ns, "boss", "create", "role", "nodes", "--verb=get", "--resource=nodes")
    as_user(api_ns, "boss", "create", "rolebinding", "up", "--clusterrole=cluster-admin", "--user=boss")


def test_kubectl_auth(api_ns):
    assert "admin" in api_ns.kubectl("auth", "whoami")
    assert api_ns.kubectl("auth", "can-i", "create", "pods").strip() == "yes"
    listed = as_user(api_ns, "ann", "auth", "can-i", "--list")
    assert "selfsubjectreviews.authentication.k8s.io" in listed and "/healthz" in listed
    role = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": {"name": "rec", "namespace": api_ns.name},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
    assert "reconciled" in api_ns.kubectl("auth", "reconcile", "-f", "-", input=role)
    assert "reconciled" in api_ns.kubectl("auth", "reconcile", "-f", "-", input=role)


def test_access_reviews_say_what_the_authorizer_says(api, api_ns):
    attributes = {"namespace": api_ns.name, "verb": "get", "resource": "pods"}
    review = {"spec": {"user": "ann", "groups": ["devs"], "resourceAttributes": attributes}}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    assert api.post(path, review).json["status"]["allowed"] is False
    api_ns.kubectl("create", "rolebinding", "b", "--clusterrole=cluster-admin", "--group=devs")
    assert api.post(path, review).json["status"]["allowed"] is True
    local = f"/apis/authorization.k8s.io/v1/namespaces/{api_ns.name}/localsubjectaccessreviews"
    assert api.post(local, review).json["status"]["allowed"] is True


def test_a_node_reads_what_its_own_pods_use_and_nothing_else(api_ns):
    def on_node(name, node, secret):
        return pod(name, nodeName=node, volumes=[{"name": "s", "secret": {"secretName": secret}}])
    secret = {"apiVersion": "v1", "kind": "Secret"}
    api_ns.create({**secret, "metadata": {"name": "mine"}}, {**secret, "metadata": {"name": "theirs"}},
                  on_node("a", "one", "mine"), on_node("b", "two", "theirs"))
    api_ns.cluster.api.post("/api/v1/nodes", {"metadata": {"name": "two"}})
    one = {"groups": ["system:nodes"]}
    assert "mine" in as_user(api_ns, "system:node:one", "get", "secret", "mine", **one)
    assert "forbidden" in as_user(api_ns, "system:node:one", "get", "secret", "theirs", refused=True, **one)
    assert "forbidden" in as_user(api_ns, "system:node:one", "get", "secrets", refused=True, **one)
    assert "forbidden" in as_user(api_ns, "system:node:one", "delete", "pod", "b", refused=True, **one)
    # Pods of other nodes have secrets in their variables: they are none of its business either.
    assert "forbidden" in as_user(api_ns, "system:node:one", "get", "pod", "b", refused=True, **one)
    assert "forbidden" in as_user(api_ns, "system:node:one", "get", "pods", refused=True, **one)
    assert "forbidden" in as_user(api_ns, "system:node:one", "get", "pods", "--field-selector=spec.nodeName=two",
                                  refused=True, **one)
    own = as_user(api_ns, "system:node:one", "get", "pods", "--field-selector=spec.nodeName=one", "-o", "name", **one)
    assert own.split() == ["pod/a"]
    for node, refused in ("one", False), ("two", True):
        answer = as_user(api_ns, "system:node:one", "create", "-f", "-", refused=refused, input=json.dumps(
            {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": node}, "spec": {"drivers": []}}), **one)
        assert ("forbidden" in answer) is refused, answer
    api_ns.kubectl("delete", "csinode", "one")
    assert "forbidden" in as_user(api_ns, "system:node:one", "patch", "node", "two", "-p", "{}", refused=True, **one)
    assert "deleted" in as_user(api_ns, "system:node:one", "delete", "pod", "a", "--force", "--grace-period=0", **one)


@pytest.mark.parametrize("user, may, may_not", [
    ("system:serviceaccount:kube-system:job-controller", "create pods", "get secrets"),
    ("system:serviceaccount:kube-system:endpoint-controller", "update endpoints", "create pods"),
    ("system:serviceaccount:kube-system:tokens-controller", "update secrets", "delete pods"),
    ("system:serviceaccount:kube-system:pod-garbage-collector", "delete pods", "get secrets"),
    ("system:kube-scheduler", "create pods/binding", "create pods"),
    ("system:kube-proxy", "list services", "get secrets"),
])
def test_each_part_of_segler_has_rights_of_its_own(api_ns, user, may, may_not):
    """That they suffice, the end of the whole run asserts: no part was refused anything."""
    for words, expected in (may, True), (may_not, False):
        verb, resource = words.split()
        resource, _, subresource = resource.partition("/")
        asked = {"spec": {"user": user, "resourceAttributes": {
            "verb": verb, "resource": resource, "subresource": subresource, "namespace": api_ns.name}}}
        review = api_ns.api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", asked).json
        assert review["status"]["allowed"] is expected, (user, words)


def test_default_roles_come_back_at_the_next_start(own_server):
    own_server.start()
    api, roles = own_server.api, f"/apis/{RBAC}/v1/clusterroles"
    names = {r["metadata"]["name"] for r in api.get(roles).json["items"]}
    assert {"cluster-admin", "admin", "edit", "view", "system:kube-scheduler", "system:controller:job-controller"} <= names
    api.delete(f"{roles}/system:discovery")
    api.patch(f"{roles}/system:basic-user", {"rules": [{"apiGroups": ["x"], "resources": ["y"], "verbs": ["get"]}]})
    kept = {"metadata": {"annotations": {"rbac.authorization.kubernetes.io/autoupdate": "false"}}, "rules": []}
    api.patch(f"{roles}/system:monitoring", kept)
    own_server.stop()
    own_server.start()
    assert own_server.api.get(f"{roles}/system:discovery").status == 200
    rules = own_server.api.get(f"{roles}/system:basic-user").json["rules"]
    assert {"apiGroups": ["x"], "resources": ["y"], "verbs": ["get"]} in rules and len(rules) == 3
    assert not own_server.api.get(f"{roles}/system:monitoring").json["rules"]


def test_what_a_node_writes_is_about_itself(api_ns):
    node = ("--as=system:node:one", "--as-group=system:nodes", "--as-group=system:authenticated")

    def denied(*arguments, **options):
        return api_ns.kubectl_refused(*node, *arguments, **options)

    thief = pod("thief", nodeName="one", volumes=[{"name": "s", "secret": {"secretName": "x"}}])
    assert 'node "one" can only create mirror pods' in denied("create", "-f", "-", input=thief)
    owner = [{"apiVersion": "v1", "kind": "Node", "name": "one", "uid": "1", "controller": True}]
    thief["metadata"].update(annotations={"kubernetes.io/config.mirror": "x"}, ownerReferences=owner)
    assert 'node "one" can not create pods that reference secrets' in denied("create", "-f", "-", input=thief)
    thief["spec"].update(nodeName="two", volumes=[])
    assert "with spec.nodeName set to itself" in denied("create", "-f", "-", input=thief)
    own = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one", "labels": {"node-role.kubernetes.io/x": ""}}}
    assert "not allowed to set the following labels: node-role.kubernetes.io/x" in denied("create", "-f", "-", input=own)
    own["metadata"] = {"name": "other"}
    assert 'node "one" is not allowed to modify node "other"' in denied("create", "-f", "-", input=own)
    own["metadata"] = {"name": "one", "labels": {"kubernetes.io/hostname": "one", "mine": "yes"}}
    api_ns.cluster.kubectl("delete", "node", "one", "--ignore-not-found")
    api_ns.kubectl(*node, "create", "-f", "-", input=own)
    assert "is not allowed to modify labels" in denied("label", "node", "one", "node-restriction.kubernetes.io/a=b")
    assert "not allowed to modify taints" in denied("taint", "node", "one", "a=b:NoSchedule")
    api_ns.create(pod("mine", nodeName="one"), pod("theirs", nodeName="two"))
    for name, allowed in (("mine", True), ("theirs", False)):
        uid = api_ns.get("pod", name)["metadata"]["uid"]
        result = api_ns.kubectl_result(*node, "create", "token", "default", "--bound-object-kind=Pod",
                                       f"--bound-object-name={name}", f"--bound-object-uid={uid}")
        assert (result.returncode == 0) == allowed, result.stderr
    assert "not bound to a pod" in denied("create", "token", "default")
    api_ns.cluster.kubectl("delete", "node", "one")


def test_reading_streams_is_not_running_commands(control_plane, api_ns):
    """A WebSocket begins with a GET: `get` on pods/exec alone must not be enough for it."""
    api_ns.kubectl("create", "role", "reader", "--verb=get", "--resource=pods,pods/exec,pods/log")
    api_ns.kubectl("create", "rolebinding", "reader", "--role=reader", "--user=reader")
    as_reader = {"Impersonate-User": "reader"}
    path = api_ns.path("pods", "app")
    assert control_plane.api.get(path + "/log", headers=as_reader).status == 404
    refused = control_plane.api.get(path + "/exec?command=id&stdout=1", headers=as_reader)
    assert refused.status == 403 and "cannot create resource" in refused.text
