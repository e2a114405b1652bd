// node.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let node = #"""
        group node.k8s.io v1 node
        resource runtimeclasses RuntimeClass cluster
        type Overhead
          podFixed {quantity}
        kind RuntimeClass
          handler! string
          overhead Overhead
          scheduling Scheduling
        type Scheduling
          nodeSelector {string} atomic
          tolerations [core.Toleration]
        """#
}
