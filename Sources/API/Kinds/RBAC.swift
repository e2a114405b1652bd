// rbac.authorization.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let rbac = #"""
        group rbac.authorization.k8s.io v1 rbac
        resource clusterrolebindings ClusterRoleBinding cluster name=pathSegment
        resource clusterroles ClusterRole cluster name=pathSegment
        resource rolebindings RoleBinding namespaced name=pathSegment
        resource roles Role namespaced name=pathSegment
        type AggregationRule
          clusterRoleSelectors [meta.LabelSelector]
        kind ClusterRole
          aggregationRule AggregationRule
          rules [PolicyRule] = null
        kind ClusterRoleBinding
          roleRef RoleRef = {} immutable
          subjects [Subject]
        type PolicyRule
          apiGroups [string]
          nonResourceURLs [string]
          resourceNames [string]
          resources [string]
          verbs! [string]
        kind Role
          rules [PolicyRule] = null
        kind RoleBinding
          roleRef RoleRef = {} immutable
          subjects [Subject]
        type RoleRef atomic
          apiGroup string = rbac.authorization.k8s.io
          kind! string
          name! string
        type Subject atomic
          apiGroup string
          kind! string
          name! string
          namespace string
        """#
}
