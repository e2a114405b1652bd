// batch API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let batch = #"""
        group batch v1 batch
        resource cronjobs CronJob namespaced short=cj categories=all generation checks=1,2
          sub status get,patch,update
          column Name name .metadata.name
          column Schedule string .spec.schedule
          column Timezone string .spec.timeZone|<none>
          column Suspend boolean word(.spec.suspend)
          column Active integer count(.status.active)
          column Last_Schedule string lastSchedule
          column Age string age
          column Containers string containers(.spec.jobTemplate.spec.template.spec) wide
          column Images string images(.spec.jobTemplate.spec.template.spec) wide
          column Selector string selector(.spec.jobTemplate.spec.selector) wide
        resource jobs Job namespaced categories=all generation fields=status.successful
          sub status get,patch,update
          column Name name .metadata.name
          column Status string jobStatus
          column Completions string jobCompletions
          column Duration string jobDuration
          column Age string age
          column Containers string containers(.spec.template.spec) wide
          column Images string images(.spec.template.spec) wide
          column Selector string selector(.spec.selector) wide
        kind CronJob
          spec CronJobSpec = {} @2
          status CronJobStatus = {} @3
        type CronJobSpec
          concurrencyPolicy string = Allow enum(Allow|Forbid|Replace) @3
          failedJobsHistoryLimit *int32 = 1 min(0) @7
          jobTemplate JobTemplateSpec = {} @5
          schedule! string @1
          startingDeadlineSeconds *int64 min(0) @2
          successfulJobsHistoryLimit *int32 = 3 min(0) @6
          suspend *bool = false @4
          timeZone string @8
        type CronJobStatus
          active [core.ObjectReference] @1
          lastScheduleTime time @4
          lastSuccessfulTime time @5
        kind Job
          spec JobSpec = {} @2
          status JobStatus = {} @3
        type JobCondition
          lastProbeTime time @3
          lastTransitionTime time @4
          message string @6
          reason string @5
          status string = "" @2
          type string = "" @1
        type JobSpec
          activeDeadlineSeconds *int64 min(0) @3
          backoffLimit *int32 min(0) @7
          backoffLimitPerIndex *int32 min(0) @12
          completionMode string enum(Indexed|NonIndexed) @9
          completions *int32 min(0) @2
          managedBy string @15
          manualSelector *bool @5
          maxFailedIndexes *int32 min(0) @13
          parallelism *int32 min(0) @1
          podFailurePolicy PodFailurePolicy @11
          podReplacementPolicy string enum(Failed|TerminatingOrFailed) @14
          selector meta.LabelSelector @4
          successPolicy SuccessPolicy @16
          suspend *bool @10
          template core.PodTemplateSpec = {} @6
          ttlSecondsAfterFinished *int32 min(0) @8
        type JobStatus
          active int32 @4
          completedIndexes string @7
          completionTime time @3
          conditions [JobCondition] patch(type) @1
          failed int32 @6
          failedIndexes string @10
          ready *int32 @9
          startTime time @2
          succeeded int32 @5
          terminating *int32 @11
          uncountedTerminatedPods UncountedTerminatedPods @8
        type JobTemplateSpec
          metadata meta.ObjectMeta = {} @1
          spec JobSpec = {} @2
        type PodFailurePolicy
          rules! [PodFailurePolicyRule] @1
        type PodFailurePolicyOnExitCodesRequirement
          containerName string @1
          operator! string @2
          values! [int32] set @3
        type PodFailurePolicyOnPodConditionsPattern
          status string = True @2
          type! string @1
        type PodFailurePolicyRule
          action! string @1
          onExitCodes PodFailurePolicyOnExitCodesRequirement @2
          onPodConditions [PodFailurePolicyOnPodConditionsPattern] @3
        type SuccessPolicy
          rules! [SuccessPolicyRule] @1
        type SuccessPolicyRule
          succeededCount *int32 @2
          succeededIndexes string @1
        type UncountedTerminatedPods
          failed [string] set @2
          succeeded [string] set @1
        """#
}
