// coordination.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let coordination = #"""
        group coordination.k8s.io v1 coordination
        resource leases Lease namespaced
          column Name name .metadata.name
          column Holder string .spec.holderIdentity
          column Age string age
        kind Lease
          spec LeaseSpec = {}
        type LeaseSpec
          acquireTime microtime
          holderIdentity *string
          leaseDurationSeconds *int32
          leaseTransitions *int32
          preferredHolder *string
          renewTime microtime
          strategy *string
        """#
}
