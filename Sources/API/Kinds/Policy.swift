// policy API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let policy = #"""
        group policy v1 policy
        resource poddisruptionbudgets PodDisruptionBudget namespaced short=pdb generation checks=1,1 name=pathSegment
          sub status get,patch,update
          column Name name .metadata.name
          column Min_Available string .spec.minAvailable|N/A
          column Max_Unavailable string .spec.maxUnavailable|N/A
          column Allowed_Disruptions integer .status.disruptionsAllowed
          column Age string age
        kind Eviction
          deleteOptions meta.DeleteOptions @2
        kind PodDisruptionBudget # How many pods must stay when others are evicted.
          spec PodDisruptionBudgetSpec = {} @2
          status PodDisruptionBudgetStatus = {} @3
        type PodDisruptionBudgetSpec # How many pods must stay.
          maxUnavailable *intstr @3 # How many of the pods, or what share, may be missing.
          minAvailable *intstr @1 # How many of the pods, or what share, must stay.
          selector meta.LabelSelector replace @2 # The pods this is about.
          unhealthyPodEvictionPolicy string enum(AlwaysAllow|IfHealthyBudget) @4 # When pods that are not ready may be evicted.
        type PodDisruptionBudgetStatus
          conditions [meta.Condition] map(type) patch(type) @7
          currentHealthy *int32 = 0 @4
          desiredHealthy *int32 = 0 @5
          disruptedPods {time} @2
          disruptionsAllowed *int32 = 0 @3
          expectedPods *int32 = 0 @6
          observedGeneration int64 @1
        """#
}
