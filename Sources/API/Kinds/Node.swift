// node.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let node = #"""
        group node.k8s.io v1 node
        resource runtimeclasses RuntimeClass cluster
          column Name name .metadata.name
          column Handler string .handler
          column Age string age
        type Overhead
          podFixed {quantity} @1
        kind RuntimeClass # A way to run containers.
          handler! string format(dns1123label) immutable @2
          overhead Overhead @3
          scheduling Scheduling @4
        type Scheduling
          nodeSelector {string} atomic format(labels) @1
          tolerations [core.Toleration] @2
        """#
}
