// apps API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let apps = #"""
        group apps v1 apps
        resource controllerrevisions ControllerRevision namespaced
        resource daemonsets DaemonSet namespaced short=ds categories=all generation
          sub status get,patch,update
        resource deployments Deployment namespaced short=deploy categories=all generation
          sub scale autoscaling/v1.Scale get,patch,update
          sub status get,patch,update
        resource replicasets ReplicaSet namespaced short=rs categories=all generation fields=status.replicas
          sub scale autoscaling/v1.Scale get,patch,update
          sub status get,patch,update
        resource statefulsets StatefulSet namespaced short=sts categories=all generation
          sub scale autoscaling/v1.Scale get,patch,update
          sub status get,patch,update
        kind ControllerRevision
          data any
          revision! int64
        kind DaemonSet
          spec DaemonSetSpec = {}
          status DaemonSetStatus = {}
        type DaemonSetCondition
          lastTransitionTime time
          message string
          reason string
          status string = ""
          type string = ""
        type DaemonSetSpec
          minReadySeconds int32 min(0)
          revisionHistoryLimit *int32 = 10 min(0)
          selector! meta.LabelSelector immutable
          template core.PodTemplateSpec = {}
          updateStrategy DaemonSetUpdateStrategy = {}
        type DaemonSetStatus
          collisionCount *int32
          conditions [DaemonSetCondition] map(type) patch(type)
          currentNumberScheduled int32 = 0
          desiredNumberScheduled int32 = 0
          numberAvailable int32
          numberMisscheduled int32 = 0
          numberReady int32 = 0
          numberUnavailable int32
          observedGeneration int64
          updatedNumberScheduled int32
        type DaemonSetUpdateStrategy
          rollingUpdate RollingUpdateDaemonSet
          type string = RollingUpdate enum(OnDelete|RollingUpdate)
        kind Deployment
          spec DeploymentSpec = {}
          status DeploymentStatus = {}
        type DeploymentCondition
          lastTransitionTime time
          lastUpdateTime time
          message string
          reason string
          status string = ""
          type string = ""
        type DeploymentSpec
          minReadySeconds int32 min(0)
          paused bool
          progressDeadlineSeconds *int32 = 600 min(0)
          replicas *int32 = 1 min(0)
          revisionHistoryLimit *int32 = 10 min(0)
          selector! meta.LabelSelector immutable
          strategy DeploymentStrategy = {} retainKeys
          template core.PodTemplateSpec = {}
        type DeploymentStatus
          availableReplicas int32
          collisionCount *int32
          conditions [DeploymentCondition] map(type) patch(type)
          observedGeneration int64
          readyReplicas int32
          replicas int32
          terminatingReplicas *int32
          unavailableReplicas int32
          updatedReplicas int32
        type DeploymentStrategy
          rollingUpdate RollingUpdateDeployment
          type string = RollingUpdate enum(Recreate|RollingUpdate)
        kind ReplicaSet
          spec ReplicaSetSpec = {}
          status ReplicaSetStatus = {}
        type ReplicaSetCondition
          lastTransitionTime time
          message string
          reason string
          status string = ""
          type string = ""
        type ReplicaSetSpec
          minReadySeconds int32 min(0)
          replicas *int32 = 1 min(0)
          selector! meta.LabelSelector immutable
          template core.PodTemplateSpec = {}
        type ReplicaSetStatus
          availableReplicas int32
          conditions [ReplicaSetCondition] map(type) patch(type)
          fullyLabeledReplicas int32
          observedGeneration int64
          readyReplicas int32
          replicas int32 = 0
          terminatingReplicas *int32
        type RollingUpdateDaemonSet
          maxSurge intstr = 0
          maxUnavailable intstr = 1
        type RollingUpdateDeployment
          maxSurge intstr
          maxUnavailable intstr
        type RollingUpdateStatefulSetStrategy
          maxUnavailable intstr
          partition *int32 = 0 min(0)
        kind StatefulSet
          spec StatefulSetSpec = {}
          status StatefulSetStatus = {}
        type StatefulSetCondition
          lastTransitionTime time
          message string
          reason string
          status string = ""
          type string = ""
        type StatefulSetOrdinals
          start int32
        type StatefulSetPersistentVolumeClaimRetentionPolicy
          whenDeleted string = Retain enum(Delete|Retain)
          whenScaled string = Retain enum(Delete|Retain)
        type StatefulSetSpec
          minReadySeconds int32 min(0)
          ordinals StatefulSetOrdinals
          persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy = {}
          podManagementPolicy string = OrderedReady enum(OrderedReady|Parallel)
          replicas *int32 = 1 min(0)
          revisionHistoryLimit *int32 = 10 min(0)
          selector! meta.LabelSelector
          serviceName string = ""
          template core.PodTemplateSpec = {}
          updateStrategy StatefulSetUpdateStrategy = {}
          volumeClaimTemplates [core.PersistentVolumeClaim]
        type StatefulSetStatus
          availableReplicas int32
          collisionCount *int32
          conditions [StatefulSetCondition] map(type) patch(type)
          currentReplicas int32
          currentRevision string
          observedGeneration int64
          readyReplicas int32
          replicas int32 = 0
          updateRevision string
          updatedReplicas int32
        type StatefulSetUpdateStrategy
          rollingUpdate RollingUpdateStatefulSetStrategy
          type string = RollingUpdate enum(OnDelete|RollingUpdate)
        """#
}
