// flowcontrol.apiserver.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let flowControl = #"""
        group flowcontrol.apiserver.k8s.io v1 flowcontrol
        resource flowschemas FlowSchema cluster generation
          sub status get,patch,update
        resource prioritylevelconfigurations PriorityLevelConfiguration cluster generation
          sub status get,patch,update
        type ExemptPriorityLevelConfiguration
          lendablePercent *int32 = 0 range(0,100)
          nominalConcurrencyShares *int32 = 0 min(0)
        type FlowDistinguisherMethod
          type! string
        kind FlowSchema
          spec FlowSchemaSpec = {}
          status FlowSchemaStatus = {}
        type FlowSchemaCondition
          lastTransitionTime time
          message string
          reason string
          status string
          type string
        type FlowSchemaSpec
          distinguisherMethod FlowDistinguisherMethod
          matchingPrecedence int32 = 1000 range(1,10000)
          priorityLevelConfiguration PriorityLevelConfigurationReference = {}
          rules [PolicyRulesWithSubjects]
        type FlowSchemaStatus
          conditions [FlowSchemaCondition] map(type) patch(type)
        type GroupSubject
          name! string
        type LimitResponse
          queuing QueuingConfiguration
          type! string
        type LimitedPriorityLevelConfiguration
          borrowingLimitPercent *int32
          lendablePercent *int32 = 0 range(0,100)
          limitResponse LimitResponse = {"type":"Reject"}
          nominalConcurrencyShares *int32 = 30 min(0)
        type NonResourcePolicyRule
          nonResourceURLs! [string] set
          verbs! [string] set
        type PolicyRulesWithSubjects
          nonResourceRules [NonResourcePolicyRule]
          resourceRules [ResourcePolicyRule]
          subjects! [Subject]
        kind PriorityLevelConfiguration
          spec PriorityLevelConfigurationSpec = {}
          status PriorityLevelConfigurationStatus = {}
        type PriorityLevelConfigurationCondition
          lastTransitionTime time
          message string
          reason string
          status string
          type string
        type PriorityLevelConfigurationReference
          name! string
        type PriorityLevelConfigurationSpec
          exempt ExemptPriorityLevelConfiguration
          limited LimitedPriorityLevelConfiguration
          type! string enum(Exempt|Limited)
        type PriorityLevelConfigurationStatus
          conditions [PriorityLevelConfigurationCondition] map(type) patch(type)
        type QueuingConfiguration
          handSize int32 = 8
          queueLengthLimit int32 = 50
          queues int32 = 64
        type ResourcePolicyRule
          apiGroups! [string] set
          clusterScope bool
          namespaces [string] set
          resources! [string] set
          verbs! [string] set
        type ServiceAccountSubject
          name! string
          namespace! string
        type Subject
          group GroupSubject
          kind! string
          serviceAccount ServiceAccountSubject
          user UserSubject
        type UserSubject
          name! string
        """#
}
