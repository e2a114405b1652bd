// policy API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let policy = #"""
        group policy v1 policy
        resource poddisruptionbudgets PodDisruptionBudget namespaced short=pdb generation
          sub status get,patch,update
        kind Eviction
          deleteOptions meta.DeleteOptions
        kind PodDisruptionBudget
          spec PodDisruptionBudgetSpec = {}
          status PodDisruptionBudgetStatus = {}
        type PodDisruptionBudgetSpec
          maxUnavailable intstr
          minAvailable intstr
          selector meta.LabelSelector replace
          unhealthyPodEvictionPolicy string enum(AlwaysAllow|IfHealthyBudget)
        type PodDisruptionBudgetStatus
          conditions [meta.Condition] map(type) patch(type)
          currentHealthy *int32 = 0
          desiredHealthy *int32 = 0
          disruptedPods {time}
          disruptionsAllowed *int32 = 0
          expectedPods *int32 = 0
          observedGeneration int64
        """#
}
