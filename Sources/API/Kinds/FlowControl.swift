// flowcontrol.apiserver.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let flowControl = #"""
        group flowcontrol.apiserver.k8s.io v1 flowcontrol
        resource flowschemas FlowSchema cluster generation
          sub status get,patch,update
          column Name name .metadata.name
          column PriorityLevel string .spec.priorityLevelConfiguration.name
          column MatchingPrecedence string .spec.matchingPrecedence
          column DistinguisherMethod string .spec.distinguisherMethod.type|<none>
          column Age string age
          column MissingPL string missingPriorityLevel
        resource prioritylevelconfigurations PriorityLevelConfiguration cluster generation
          sub status get,patch,update
          column Name name .metadata.name
          column Type string .spec.type
          column NominalConcurrencyShares string shares
          column Queues string queuing(.spec.limited.limitResponse.queuing.queues)
          column HandSize string queuing(.spec.limited.limitResponse.queuing.handSize)
          column QueueLengthLimit string queuing(.spec.limited.limitResponse.queuing.queueLengthLimit)
          column Age string age
        type ExemptPriorityLevelConfiguration
          lendablePercent *int32 = 0 range(0,100) @2
          nominalConcurrencyShares *int32 = 0 min(0) @1
        type FlowDistinguisherMethod
          type! string unchecked enum(ByNamespace|ByUser) @1
        kind FlowSchema # Which requests belong to which priority level.
          spec FlowSchemaSpec = {} @2
          status FlowSchemaStatus = {} @3
        type FlowSchemaCondition
          lastTransitionTime time @3
          message string @5
          reason string @4
          status string @2
          type string @1
        type FlowSchemaSpec
          distinguisherMethod FlowDistinguisherMethod @3
          matchingPrecedence int32 = 1000 @2
          priorityLevelConfiguration PriorityLevelConfigurationReference = {} @1
          rules [PolicyRulesWithSubjects] @4
        type FlowSchemaStatus
          conditions [FlowSchemaCondition] map(type) patch(type) @1
        type GroupSubject
          name! string @1
        type LimitResponse
          queuing QueuingConfiguration @2
          type! string unchecked enum(Queue|Reject) @1
        type LimitedPriorityLevelConfiguration
          borrowingLimitPercent *int32 min(0) @4
          lendablePercent *int32 = 0 range(0,100) @3
          limitResponse LimitResponse = {"type":"Reject"} @2
          nominalConcurrencyShares *int32 = 30 min(0) @1
        type NonResourcePolicyRule
          nonResourceURLs! [string] set @6
          verbs! [string] set @1
        type PolicyRulesWithSubjects
          nonResourceRules [NonResourcePolicyRule] @3
          resourceRules [ResourcePolicyRule] @2
          subjects! [Subject] @1
        kind PriorityLevelConfiguration # How many requests of a kind are served at once.
          spec PriorityLevelConfigurationSpec = {} @2
          status PriorityLevelConfigurationStatus = {} @3
        type PriorityLevelConfigurationCondition
          lastTransitionTime time @3
          message string @5
          reason string @4
          status string @2
          type string @1
        type PriorityLevelConfigurationReference
          name! string format(dns1123subdomain) @1
        type PriorityLevelConfigurationSpec
          exempt ExemptPriorityLevelConfiguration @3
          limited LimitedPriorityLevelConfiguration @2
          type! string unchecked enum(Exempt|Limited) @1
        type PriorityLevelConfigurationStatus
          conditions [PriorityLevelConfigurationCondition] map(type) patch(type) @1
        type QueuingConfiguration
          handSize int32 = 8 @2
          queueLengthLimit int32 = 50 @3
          queues int32 = 64 @1
        type ResourcePolicyRule
          apiGroups! [string] set @2
          clusterScope bool @4
          namespaces [string] set @5
          resources! [string] set @3
          verbs! [string] set @1
        type ServiceAccountSubject
          name! string @2
          namespace! string @1
        type Subject
          group GroupSubject @3
          kind! string unchecked enum(Group|ServiceAccount|User) @1
          serviceAccount ServiceAccountSubject @4
          user UserSubject @2
        type UserSubject
          name! string @1
        """#
}
