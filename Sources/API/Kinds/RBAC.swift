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
        kind ClusterRole
          aggregationRule AggregationRule @3
          rules [PolicyRule] = null @2
        kind ClusterRoleBinding
          roleRef RoleRef = {} immutable @3
          subjects [Subject] @2
        type PolicyRule
          apiGroups [string] @2
          nonResourceURLs [string] @5
          resourceNames [string] @4
          resources [string] @3
          verbs! [string] @1
        kind Role
          rules [PolicyRule] = null @2
        kind RoleBinding
          roleRef RoleRef = {} immutable @3
          subjects [Subject] @2
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
