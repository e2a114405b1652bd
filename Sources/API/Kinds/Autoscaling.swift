// autoscaling API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let autoscaling = #"""
        group autoscaling v1 autoscaling
        resource horizontalpodautoscalers HorizontalPodAutoscaler namespaced short=hpa categories=all
          sub status get,patch,update
        type CrossVersionObjectReference atomic
          apiVersion string
          kind! string
          name! string
        kind HorizontalPodAutoscaler
          spec HorizontalPodAutoscalerSpec = {}
          status HorizontalPodAutoscalerStatus = {}
        type HorizontalPodAutoscalerSpec
          maxReplicas! int32 min(1)
          minReplicas *int32 = 1 min(1)
          scaleTargetRef CrossVersionObjectReference = {}
          targetCPUUtilizationPercentage *int32
        type HorizontalPodAutoscalerStatus
          currentCPUUtilizationPercentage *int32
          currentReplicas int32 = 0
          desiredReplicas int32 = 0
          lastScaleTime time
          observedGeneration *int64
        kind Scale
          spec ScaleSpec = {}
          status ScaleStatus = {}
        type ScaleSpec
          replicas int32 min(0)
        type ScaleStatus
          replicas int32 = 0
          selector string
        group autoscaling v2 autoscaling
        resource horizontalpodautoscalers HorizontalPodAutoscaler namespaced short=hpa categories=all
          sub status get,patch,update
        type ContainerResourceMetricSource
          container! string
          name! string
          target MetricTarget = {}
        type ContainerResourceMetricStatus
          container string = ""
          current MetricValueStatus = {}
          name string = ""
        type CrossVersionObjectReference
          apiVersion string
          kind! string
          name! string
        type ExternalMetricSource
          metric MetricIdentifier = {}
          target MetricTarget = {}
        type ExternalMetricStatus
          current MetricValueStatus = {}
          metric MetricIdentifier = {}
        type HPAScalingPolicy
          periodSeconds! int32
          type! string
          value! int32
        type HPAScalingRules
          policies [HPAScalingPolicy]
          selectPolicy string
          stabilizationWindowSeconds *int32
          tolerance quantity
        kind HorizontalPodAutoscaler
          spec HorizontalPodAutoscalerSpec = {}
          status HorizontalPodAutoscalerStatus = {}
        type HorizontalPodAutoscalerBehavior
          scaleDown HPAScalingRules
          scaleUp HPAScalingRules
        type HorizontalPodAutoscalerCondition
          lastTransitionTime time
          message string
          reason string
          status string = ""
          type string = ""
        type HorizontalPodAutoscalerSpec
          behavior HorizontalPodAutoscalerBehavior
          maxReplicas! int32 min(1)
          metrics [MetricSpec]
          minReplicas *int32 = 1 min(1)
          scaleTargetRef CrossVersionObjectReference = {}
        type HorizontalPodAutoscalerStatus
          conditions [HorizontalPodAutoscalerCondition] map(type) patch(type)
          currentMetrics [MetricStatus] = null
          currentReplicas int32
          desiredReplicas int32 = 0
          lastScaleTime time
          observedGeneration *int64
        type MetricIdentifier
          name! string
          selector meta.LabelSelector
        type MetricSpec
          containerResource ContainerResourceMetricSource
          external ExternalMetricSource
          object ObjectMetricSource
          pods PodsMetricSource
          resource ResourceMetricSource
          type! string
        type MetricStatus
          containerResource ContainerResourceMetricStatus
          external ExternalMetricStatus
          object ObjectMetricStatus
          pods PodsMetricStatus
          resource ResourceMetricStatus
          type string = ""
        type MetricTarget
          averageUtilization *int32
          averageValue quantity
          type! string enum(AverageValue|Utilization|Value)
          value quantity
        type MetricValueStatus
          averageUtilization *int32
          averageValue quantity
          value quantity
        type ObjectMetricSource
          describedObject CrossVersionObjectReference = {}
          metric MetricIdentifier = {}
          target MetricTarget = {}
        type ObjectMetricStatus
          current MetricValueStatus = {}
          describedObject CrossVersionObjectReference = {}
          metric MetricIdentifier = {}
        type PodsMetricSource
          metric MetricIdentifier = {}
          target MetricTarget = {}
        type PodsMetricStatus
          current MetricValueStatus = {}
          metric MetricIdentifier = {}
        type ResourceMetricSource
          name! string
          target MetricTarget = {}
        type ResourceMetricStatus
          current MetricValueStatus = {}
          name string = ""
        """#
}
