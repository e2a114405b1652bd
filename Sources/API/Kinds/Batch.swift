// batch API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let batch = #"""
        group batch v1 batch
        resource cronjobs CronJob namespaced short=cj categories=all generation
          sub status get,patch,update
        resource jobs Job namespaced categories=all generation fields=status.successful
          sub status get,patch,update
        kind CronJob
          spec CronJobSpec = {}
          status CronJobStatus = {}
        type CronJobSpec
          concurrencyPolicy string = Allow enum(Allow|Forbid|Replace)
          failedJobsHistoryLimit *int32 = 1 min(0)
          jobTemplate JobTemplateSpec = {}
          schedule! string
          startingDeadlineSeconds *int64 min(0)
          successfulJobsHistoryLimit *int32 = 3 min(0)
          suspend *bool = false
          timeZone string
        type CronJobStatus
          active [core.ObjectReference]
          lastScheduleTime time
          lastSuccessfulTime time
        kind Job
          spec JobSpec = {}
          status JobStatus = {}
        type JobCondition
          lastProbeTime time
          lastTransitionTime time
          message string
          reason string
          status string = ""
          type string = ""
        type JobSpec
          activeDeadlineSeconds *int64 min(0)
          backoffLimit *int32 = 6 min(0)
          backoffLimitPerIndex *int32
          completionMode string = NonIndexed enum(Indexed|NonIndexed)
          completions *int32 min(0)
          managedBy string
          manualSelector *bool
          maxFailedIndexes *int32
          parallelism *int32 min(0)
          podFailurePolicy PodFailurePolicy
          podReplacementPolicy string enum(Failed|TerminatingOrFailed)
          selector meta.LabelSelector
          successPolicy SuccessPolicy
          suspend *bool = false
          template core.PodTemplateSpec = {}
          ttlSecondsAfterFinished *int32 min(0)
        type JobStatus
          active int32
          completedIndexes string
          completionTime time
          conditions [JobCondition] patch(type)
          failed int32
          failedIndexes string
          ready *int32
          startTime time
          succeeded int32
          terminating *int32
          uncountedTerminatedPods UncountedTerminatedPods
        type JobTemplateSpec
          metadata meta.ObjectMeta = {}
          spec JobSpec = {}
        type PodFailurePolicy
          rules! [PodFailurePolicyRule]
        type PodFailurePolicyOnExitCodesRequirement
          containerName string
          operator! string
          values! [int32] set
        type PodFailurePolicyOnPodConditionsPattern
          status string = True
          type! string
        type PodFailurePolicyRule
          action! string
          onExitCodes PodFailurePolicyOnExitCodesRequirement
          onPodConditions [PodFailurePolicyOnPodConditionsPattern]
        type SuccessPolicy
          rules! [SuccessPolicyRule]
        type SuccessPolicyRule
          succeededCount *int32
          succeededIndexes string
        type UncountedTerminatedPods
          failed [string] set
          succeeded [string] set
        """#
}
