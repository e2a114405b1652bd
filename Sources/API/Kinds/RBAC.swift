// rbac.authorization.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let rbac = #"""
        group rbac.authorization.k8s.io v1 rbac
        resource clusterrolebindings ClusterRoleBinding cluster name=pathSegment
          column Name name .metadata.name
          column Role string roleRef
          column Age string age
          column Users string users wide
          column Groups string groups wide
          column ServiceAccounts string serviceAccounts wide
        resource clusterroles ClusterRole cluster name=pathSegment
        resource rolebindings RoleBinding namespaced name=pathSegment
          column Name name .metadata.name
          column Role string roleRef
          column Age string age
          column Users string users wide
          column Groups string groups wide
          column ServiceAccounts string serviceAccounts wide
        resource roles Role namespaced name=pathSegment
        type AggregationRule
          clusterRoleSelectors [meta.LabelSelector] @1
        kind ClusterRole # Rights in the whole cluster, or to be given within a namespace.
          aggregationRule AggregationRule @3 # Roles whose rules are gathered here.
          rules [PolicyRule] = null @2 # What is allowed.
        kind ClusterRoleBinding # Gives the rights of a cluster role to subjects.
          roleRef RoleRef = {} immutable @3 # The role.
          subjects [Subject] @2 # Users, groups and service accounts.
        type PolicyRule # Verbs allowed on resources or paths.
          apiGroups [string] @2 # API groups; the empty one is core.
          nonResourceURLs [string] @5 # Paths that are no resources.
          resourceNames [string] @4 # Names of objects; all when empty.
          resources [string] @3 # Resources, with subresources as resource/subresource.
          verbs! [string] @1 # What may be done.
        kind Role # Rights within a namespace.
          rules [PolicyRule] = null @2 # What is allowed.
        kind RoleBinding # Gives the rights of a role to subjects within a namespace.
          roleRef RoleRef = {} immutable @3 # The role.
          subjects [Subject] @2 # Users, groups and service accounts.
        type RoleRef atomic
          apiGroup string = rbac.authorization.k8s.io @1
          kind! string unchecked @2
          name! string @3
        type Subject atomic
          apiGroup string @2
          kind! string unchecked @1
          name! string @3
          namespace string @4
        """#
}
