// scheduling.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let scheduling = #"""
        group scheduling.k8s.io v1 scheduling
        resource priorityclasses PriorityClass cluster short=pc generation checks=1,2
          column Name name .metadata.name
          column Value integer .value
          column Global-Default boolean .globalDefault
          column Age string age
          column PreemptionPolicy string .preemptionPolicy
        kind PriorityClass # A name for a priority of pods.
          description string @4
          globalDefault bool @3
          preemptionPolicy string = PreemptLowerPriority immutable enum(Never|PreemptLowerPriority) @5
          value int32 = 0 fixed @2
        """#
}
