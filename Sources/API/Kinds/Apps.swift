// apps API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let apps = #"""
        group apps v1 apps
        resource controllerrevisions ControllerRevision namespaced checks=1,2
          column Name name .metadata.name
          column Controller string controller
          column Revision string .revision
          column Age string age
        resource daemonsets DaemonSet namespaced short=ds categories=all generation
          sub status get,patch,update
          column Name name .metadata.name
          column Desired integer .status.desiredNumberScheduled
          column Current integer .status.currentNumberScheduled
          column Ready integer .status.numberReady
          column Up-to-date integer .status.updatedNumberScheduled
          column Available integer .status.numberAvailable
          column Node_Selector string labels(.spec.template.spec.nodeSelector)
          column Age string age
          column Containers string containers(.spec.template.spec) wide
          column Images string images(.spec.template.spec) wide
          column Selector string selector(.spec.selector) wide
        resource deployments Deployment namespaced short=deploy categories=all generation checks=1,2
          sub scale autoscaling/v1.Scale get,patch,update
          sub status get,patch,update
          column Name name .metadata.name
          column Ready string ready
          column Up-to-date integer .status.updatedReplicas
          column Available integer .status.availableReplicas
          column Age string age
          column Containers string containers(.spec.template.spec) wide
          column Images string images(.spec.template.spec) wide
          column Selector string selector(.spec.selector) wide
        resource replicasets ReplicaSet namespaced short=rs categories=all generation fields=status.replicas
          sub scale autoscaling/v1.Scale get,patch,update
          sub status get,patch,update
          column Name name .metadata.name
          column Desired integer .spec.replicas
          column Current integer .status.replicas
          column Ready integer .status.readyReplicas
          column Age string age
          column Containers string containers(.spec.template.spec) wide
          column Images string images(.spec.template.spec) wide
          column Selector string selector(.spec.selector) wide
        resource statefulsets StatefulSet namespaced short=sts categories=all generation checks=1,2 name=dns1123label
          sub scale autoscaling/v1.Scale get,patch,update
          sub status get,patch,update
          column Name name .metadata.name
          column Ready string ready
          column Age string age
          column Containers string containers(.spec.template.spec) wide
          column Images string images(.spec.template.spec) wide
        kind ControllerRevision
          data any immutable @2
          revision! *int64 min(0) unchecked @3
        kind DaemonSet
          spec DaemonSetSpec = {} @2
          status DaemonSetStatus = {} @3
        type DaemonSetCondition
          lastTransitionTime time @3
          message string @5
          reason string @4
          status string = "" @2
          type string = "" @1
        type DaemonSetSpec
          minReadySeconds int32 min(0) @4
          revisionHistoryLimit *int32 = 10 min(0) @6
          selector! meta.LabelSelector immutable unchecked @1
          template core.PodTemplateSpec = {} @2
          updateStrategy DaemonSetUpdateStrategy = {} @3
        type DaemonSetStatus
          collisionCount *int32 @9
          conditions [DaemonSetCondition] map(type) patch(type) @10
          currentNumberScheduled int32 = 0 @1
          desiredNumberScheduled int32 = 0 @3
          numberAvailable int32 @7
          numberMisscheduled int32 = 0 @2
          numberReady int32 = 0 @4
          numberUnavailable int32 @8
          observedGeneration int64 @5
          updatedNumberScheduled int32 @6
        type DaemonSetUpdateStrategy
          rollingUpdate RollingUpdateDaemonSet @2
          type string = RollingUpdate @1
        kind Deployment
          spec DeploymentSpec = {} @2
          status DeploymentStatus = {} @3
        type DeploymentCondition
          lastTransitionTime time @7
          lastUpdateTime time @6
          message string @5
          reason string @4
          status string = "" @2
          type string = "" @1
        type DeploymentSpec
          minReadySeconds int32 min(0) @5
          paused bool @7
          progressDeadlineSeconds *int32 = 600 min(0) @9
          replicas *int32 = 1 min(0) @1
          revisionHistoryLimit *int32 = 10 min(0) @6
          selector! meta.LabelSelector immutable @2
          strategy DeploymentStrategy = {} retainKeys @4
          template core.PodTemplateSpec = {} @3
        type DeploymentStatus
          availableReplicas int32 @4
          collisionCount *int32 @8
          conditions [DeploymentCondition] map(type) patch(type) @6
          observedGeneration int64 @1
          readyReplicas int32 @7
          replicas int32 @2
          terminatingReplicas *int32 @9
          unavailableReplicas int32 @5
          updatedReplicas int32 @3
        type DeploymentStrategy
          rollingUpdate RollingUpdateDeployment @2
          type string = RollingUpdate @1
        kind ReplicaSet
          spec ReplicaSetSpec = {} @2
          status ReplicaSetStatus = {} @3
        type ReplicaSetCondition
          lastTransitionTime time @3
          message string @5
          reason string @4
          status string = "" @2
          type string = "" @1
        type ReplicaSetSpec
          minReadySeconds int32 min(0) @4
          replicas *int32 = 1 min(0) @1
          selector! meta.LabelSelector immutable @2
          template core.PodTemplateSpec = {} @3
        type ReplicaSetStatus
          availableReplicas int32 @5
          conditions [ReplicaSetCondition] map(type) patch(type) @6
          fullyLabeledReplicas int32 @2
          observedGeneration int64 @3
          readyReplicas int32 @4
          replicas int32 = 0 @1
          terminatingReplicas *int32 @7
        type RollingUpdateDaemonSet
          maxSurge *intstr = 0 @2
          maxUnavailable *intstr = 1 @1
        type RollingUpdateDeployment
          maxSurge *intstr @2
          maxUnavailable *intstr @1
        type RollingUpdateStatefulSetStrategy
          maxUnavailable *intstr @2
          partition *int32 = 0 min(0) @1
        kind StatefulSet
          spec StatefulSetSpec = {} @2
          status StatefulSetStatus = {} @3
        type StatefulSetCondition
          lastTransitionTime time @3
          message string @5
          reason string @4
          status string = "" @2
          type string = "" @1
        type StatefulSetOrdinals
          start int32 min(0) @1
        type StatefulSetPersistentVolumeClaimRetentionPolicy
          whenDeleted string = Retain enum(Delete|Retain) @1
          whenScaled string = Retain enum(Delete|Retain) @2
        type StatefulSetSpec
          minReadySeconds int32 min(0) @9
          ordinals StatefulSetOrdinals @11
          persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy = {} @10
          podManagementPolicy string = OrderedReady @6
          replicas *int32 = 1 min(0) @1
          revisionHistoryLimit *int32 = 10 min(0) @8
          selector! meta.LabelSelector @2
          serviceName string = "" @5
          template core.PodTemplateSpec = {} @3
          updateStrategy StatefulSetUpdateStrategy = {} @7
          volumeClaimTemplates [core.PersistentVolumeClaim] @4
        type StatefulSetStatus
          availableReplicas int32 = 0 @11
          collisionCount *int32 @9
          conditions [StatefulSetCondition] map(type) patch(type) @10
          currentReplicas int32 @4
          currentRevision string @6
          observedGeneration int64 @1
          readyReplicas int32 @3
          replicas int32 = 0 @2
          updateRevision string @7
          updatedReplicas int32 @5
        type StatefulSetUpdateStrategy
          rollingUpdate RollingUpdateStatefulSetStrategy @2
          type string = RollingUpdate @1
        """#
}
