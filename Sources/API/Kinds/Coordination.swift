// coordination.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let coordination = #"""
        group coordination.k8s.io v1 coordination
        resource leases Lease namespaced checks=1,2
          column Name name .metadata.name
          column Holder string .spec.holderIdentity
          column Age string age
        kind Lease # Who holds something, and since when; heartbeats of nodes.
          spec LeaseSpec = {} @2
        type LeaseSpec
          acquireTime microtime @3
          holderIdentity *string @1
          leaseDurationSeconds *int32 @2
          leaseTransitions *int32 @5
          preferredHolder *string @7
          renewTime microtime @4
          strategy *string @6
        """#
}
