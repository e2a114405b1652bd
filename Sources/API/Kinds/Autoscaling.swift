// autoscaling API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let autoscaling = #"""
        group autoscaling v1 autoscaling
        resource horizontalpodautoscalers HorizontalPodAutoscaler namespaced short=hpa categories=all stored=autoscaling/v2
          sub status get,patch,update
          column Name name .metadata.name
          column Reference string hpaReference
          column Targets string hpaTargets
          column MinPods string .spec.minReplicas|<unset>
          column MaxPods string .spec.maxReplicas
          column Replicas string .status.currentReplicas|0
          column Age string age
        type CrossVersionObjectReference atomic
          apiVersion string @3
          kind! string @1
          name! string @2
        kind HorizontalPodAutoscaler # Changes the number of pods by how busy they are.
          spec HorizontalPodAutoscalerSpec = {} @2
          status HorizontalPodAutoscalerStatus = {} @3
        type HorizontalPodAutoscalerSpec
          maxReplicas! int32 unchecked @3
          minReplicas *int32 @2
          scaleTargetRef CrossVersionObjectReference = {} @1
          targetCPUUtilizationPercentage *int32 @4
        type HorizontalPodAutoscalerStatus
          currentCPUUtilizationPercentage *int32 @5
          currentReplicas int32 = 0 @3
          desiredReplicas int32 = 0 @4
          lastScaleTime time @2
          observedGeneration *int64 @1
        kind Scale # The number of replicas of something that can be scaled.
          spec ScaleSpec = {} @2
          status ScaleStatus = {} @3
        type ScaleSpec
          replicas int32 min(0) @1
        type ScaleStatus
          replicas int32 = 0 @1
          selector string @2
        group autoscaling v2 autoscaling
        resource horizontalpodautoscalers HorizontalPodAutoscaler namespaced short=hpa categories=all checks=1,2
          sub status get,patch,update
          column Name name .metadata.name
          column Reference string hpaReference
          column Targets string hpaTargets
          column MinPods string .spec.minReplicas|<unset>
          column MaxPods string .spec.maxReplicas
          column Replicas string .status.currentReplicas|0
          column Age string age
        type ContainerResourceMetricSource
          container! string @3
          name! string @1
          target MetricTarget = {} @2
        type ContainerResourceMetricStatus
          container string = "" @3
          current MetricValueStatus = {} @2
          name string = "" @1
        type CrossVersionObjectReference
          apiVersion string @3
          kind! string @1
          name! string @2
        type ExternalMetricSource
          metric MetricIdentifier = {} @1
          target MetricTarget = {} @2
        type ExternalMetricStatus
          current MetricValueStatus = {} @2
          metric MetricIdentifier = {} @1
        type HPAScalingPolicy
          periodSeconds! int32 unchecked @3
          type! string unchecked @1
          value! int32 unchecked @2
        type HPAScalingRules
          policies [HPAScalingPolicy] @2
          selectPolicy string @1
          stabilizationWindowSeconds *int32 @3
          tolerance quantity @4
        kind HorizontalPodAutoscaler # Changes the number of pods by how busy they are.
          spec HorizontalPodAutoscalerSpec = {} @2
          status HorizontalPodAutoscalerStatus = {} @3
        type HorizontalPodAutoscalerBehavior
          scaleDown HPAScalingRules @2
          scaleUp HPAScalingRules @1
        type HorizontalPodAutoscalerCondition
          lastTransitionTime time @3
          message string @5
          reason string @4
          status string = "" @2
          type string = "" @1
        type HorizontalPodAutoscalerSpec # What is scaled, between which bounds, by which metrics.
          behavior HorizontalPodAutoscalerBehavior @5 # How fast it scales up and down.
          maxReplicas! int32 unchecked @3 # The most pods.
          metrics [MetricSpec] @4 # What is measured, and the value that is aimed at.
          minReplicas *int32 = 1 min(1) @2 # The fewest pods.
          scaleTargetRef CrossVersionObjectReference = {} @1 # What is scaled.
        type HorizontalPodAutoscalerStatus
          conditions [HorizontalPodAutoscalerCondition] map(type) patch(type) @6
          currentMetrics [MetricStatus] = null @5
          currentReplicas int32 @3
          desiredReplicas int32 = 0 @4
          lastScaleTime time @2
          observedGeneration *int64 @1
        type MetricIdentifier
          name! string @1
          selector meta.LabelSelector @2
        type MetricSpec
          containerResource ContainerResourceMetricSource @7
          external ExternalMetricSource @5
          object ObjectMetricSource @2
          pods PodsMetricSource @3
          resource ResourceMetricSource @4
          type! string @1
        type MetricStatus
          containerResource ContainerResourceMetricStatus @7
          external ExternalMetricStatus @5
          object ObjectMetricStatus @2
          pods PodsMetricStatus @3
          resource ResourceMetricStatus @4
          type string = "" @1
        type MetricTarget
          averageUtilization *int32 @4
          averageValue quantity @3
          type! string enum(AverageValue|Utilization|Value) @1
          value quantity @2
        type MetricValueStatus
          averageUtilization *int32 @3
          averageValue quantity @2
          value quantity @1
        type ObjectMetricSource
          describedObject CrossVersionObjectReference = {} @1
          metric MetricIdentifier = {} @3
          target MetricTarget = {} @2
        type ObjectMetricStatus
          current MetricValueStatus = {} @2
          describedObject CrossVersionObjectReference = {} @3
          metric MetricIdentifier = {} @1
        type PodsMetricSource
          metric MetricIdentifier = {} @1
          target MetricTarget = {} @2
        type PodsMetricStatus
          current MetricValueStatus = {} @2
          metric MetricIdentifier = {} @1
        type ResourceMetricSource
          name! string @1
          target MetricTarget = {} @2
        type ResourceMetricStatus
          current MetricValueStatus = {} @2
          name string = "" @1
        """#
}
