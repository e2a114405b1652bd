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
        kind ControllerRevision # A former state of a stateful set or daemon set.
          data any immutable @2
          revision! *int64 min(0) unchecked @3
        kind DaemonSet # Runs a pod on every node, or on those that a selector chooses.
          spec DaemonSetSpec = {} @2
          status DaemonSetStatus = {} @3
        type DaemonSetCondition
          lastTransitionTime time @3
          message string @5
          reason string @4
          status string = "" @2
          type string = "" @1
        type DaemonSetSpec # What a daemon set runs.
          minReadySeconds int32 min(0) @4 # Seconds a pod must be ready before it counts as available.
          revisionHistoryLimit *int32 = 10 min(0) @6 # How many old revisions are kept for rolling back.
          selector! meta.LabelSelector immutable unchecked @1 # Which pods belong to this; it must match the template's labels.
          template core.PodTemplateSpec = {} @2 # What the pods are like.
          updateStrategy DaemonSetUpdateStrategy = {} @3 # How old pods are replaced.
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
        kind Deployment # Keeps equal pods running and replaces them step by step when the template changes.
          spec DeploymentSpec = {} @2 # What is wanted.
          status DeploymentStatus = {} @3 # What was last seen.
        type DeploymentCondition
          lastTransitionTime time @7
          lastUpdateTime time @6
          message string @5
          reason string @4
          status string = "" @2
          type string = "" @1
        type DeploymentSpec # What a deployment runs and how it is updated.
          minReadySeconds int32 min(0) @5 # Seconds a pod must be ready before it counts as available.
          paused bool @7 # When true, changes are not rolled out.
          progressDeadlineSeconds *int32 = 600 min(0) @9 # Seconds without progress after which a rollout counts as failed.
          replicas *int32 = 1 min(0) @1 # How many pods are wanted.
          revisionHistoryLimit *int32 = 10 min(0) @6 # How many old revisions are kept for rolling back.
          selector! meta.LabelSelector immutable @2 # Which pods belong to this; it must match the template's labels.
          strategy DeploymentStrategy = {} retainKeys @4 # How old pods are replaced.
          template core.PodTemplateSpec = {} @3 # What the pods are like.
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
        type DeploymentStrategy # How old pods are replaced by new ones.
          rollingUpdate RollingUpdateDeployment @2 # Bounds of a rolling update.
          type string = RollingUpdate @1 # RollingUpdate, or Recreate to stop all pods first.
        kind ReplicaSet # Keeps a number of equal pods running.
          spec ReplicaSetSpec = {} @2
          status ReplicaSetStatus = {} @3
        type ReplicaSetCondition
          lastTransitionTime time @3
          message string @5
          reason string @4
          status string = "" @2
          type string = "" @1
        type ReplicaSetSpec # What a replica set runs.
          minReadySeconds int32 min(0) @4 # Seconds a pod must be ready before it counts as available.
          replicas *int32 = 1 min(0) @1 # How many pods are wanted.
          selector! meta.LabelSelector immutable @2 # Which pods belong to this; it must match the template's labels.
          template core.PodTemplateSpec = {} @3 # What the pods are like.
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
        type RollingUpdateDeployment # Bounds of a rolling update.
          maxSurge *intstr @2 # How many pods, or what share, may be there beyond the wanted number.
          maxUnavailable *intstr @1 # How many pods, or what share, may be missing.
        type RollingUpdateStatefulSetStrategy
          maxUnavailable *intstr @2
          partition *int32 = 0 min(0) @1
        kind StatefulSet # Runs pods with stable names and storage of their own.
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
        type StatefulSetSpec # What a stateful set runs.
          minReadySeconds int32 min(0) @9 # Seconds a pod must be ready before it counts as available.
          ordinals StatefulSetOrdinals @11 # The number of the first pod.
          persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy = {} @10 # Whether claims stay when pods are removed.
          podManagementPolicy string = OrderedReady @6 # OrderedReady starts and stops pods one by one, Parallel all at once.
          replicas *int32 = 1 min(0) @1 # How many pods are wanted.
          revisionHistoryLimit *int32 = 10 min(0) @8 # How many old revisions are kept for rolling back.
          selector! meta.LabelSelector @2 # Which pods belong to this; it must match the template's labels.
          serviceName string = "" @5 # The service that gives the pods their domain.
          template core.PodTemplateSpec = {} @3 # What the pods are like.
          updateStrategy StatefulSetUpdateStrategy = {} @7 # How old pods are replaced.
          volumeClaimTemplates [core.PersistentVolumeClaim] @4 # Claims that each pod gets for itself.
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
