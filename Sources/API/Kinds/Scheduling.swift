// scheduling.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let scheduling = #"""
        group scheduling.k8s.io v1 scheduling
        resource priorityclasses PriorityClass cluster short=pc generation
        kind PriorityClass
          description string @4
          globalDefault bool @3
          preemptionPolicy string = PreemptLowerPriority immutable @5
          value int32 = 0 immutable @2
        """#
}
