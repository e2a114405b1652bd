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
        kind CronJob # Makes jobs at times that repeat.
          spec CronJobSpec = {} @2
          status CronJobStatus = {} @3
        type CronJobSpec # Which job is made when.
          concurrencyPolicy string = Allow enum(Allow|Forbid|Replace) @3 # Whether jobs may overlap: Allow, Forbid or Replace.
          failedJobsHistoryLimit *int32 = 1 min(0) @7 # How many failed jobs are kept.
          jobTemplate JobTemplateSpec = {} @5 # What the jobs are like.
          schedule! string @1 # The times, in the format of cron.
          startingDeadlineSeconds *int64 min(0) @2 # Seconds a job may start late.
          successfulJobsHistoryLimit *int32 = 3 min(0) @6 # How many finished jobs are kept.
          suspend *bool = false @4 # When true, no jobs are made.
          timeZone string @8 # The time zone of the schedule, such as Europe/Berlin.
        type CronJobStatus
          active [core.ObjectReference] @1
          lastScheduleTime time @4
          lastSuccessfulTime time @5
        kind Job # Runs pods until a number of them have succeeded.
          spec JobSpec = {} @2 # What is to be done.
          status JobStatus = {} @3 # How far it is.
        type JobCondition
          lastProbeTime time @3
          lastTransitionTime time @4
          message string @6
          reason string @5
          status string = "" @2
          type string = "" @1
        type JobSpec # What a job runs and when it is done.
          activeDeadlineSeconds *int64 min(0) @3 # Seconds after which the job is stopped and counts as failed.
          backoffLimit *int32 min(0) @7 # Failures after which the job counts as failed.
          backoffLimitPerIndex *int32 min(0) @12 # The same for each index.
          completionMode string enum(Indexed|NonIndexed) @9 # NonIndexed, or Indexed to give each pod a number.
          completions *int32 min(0) @2 # How many pods must succeed.
          managedBy string @15 # The controller that runs the job, when it is not the built-in one.
          manualSelector *bool @5 # When true, the selector is the user's own.
          maxFailedIndexes *int32 min(0) @13
          parallelism *int32 min(0) @1 # How many pods may run at once.
          podFailurePolicy PodFailurePolicy @11 # How certain failures count.
          podReplacementPolicy string enum(Failed|TerminatingOrFailed) @14 # When a pod is replaced: TerminatingOrFailed or Failed.
          selector meta.LabelSelector @4 # Which pods belong to the job. Set by the server.
          successPolicy SuccessPolicy @16
          suspend *bool @10 # When true, no pods run.
          template core.PodTemplateSpec = {} @6 # What the pods are like.
          ttlSecondsAfterFinished *int32 min(0) @8 # Seconds after its end when the job is deleted.
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
          metadata meta.ObjectMeta = {} unvalidated @1
          spec JobSpec = {} @2
        type PodFailurePolicy
          rules! [PodFailurePolicyRule] @1
        type PodFailurePolicyOnExitCodesRequirement
          containerName string @1
          operator! string enum(In|NotIn) @2
          values! [int32] unchecked set @3
        type PodFailurePolicyOnPodConditionsPattern
          status string = True enum(False|True|Unknown) @2
          type! string format(qualifiedName) @1
        type PodFailurePolicyRule
          action! string enum(Count|FailIndex|FailJob|Ignore) @1
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
