// node.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let node = #"""
        group node.k8s.io v1 node
        resource runtimeclasses RuntimeClass cluster
        type Overhead
          podFixed {quantity} @1
        kind RuntimeClass
          handler! string @2
          overhead Overhead @3
          scheduling Scheduling @4
        type Scheduling
          nodeSelector {string} atomic @1
          tolerations [core.Toleration] @2
        """#
}
