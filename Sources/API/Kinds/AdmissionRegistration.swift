// admissionregistration.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let admissionRegistration = #"""
        group admissionregistration.k8s.io v1 admissionregistration
        resource mutatingadmissionpolicies MutatingAdmissionPolicy cluster categories=api-extensions generation
        resource mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding cluster categories=api-extensions generation
        resource mutatingwebhookconfigurations MutatingWebhookConfiguration cluster categories=api-extensions generation
        resource validatingadmissionpolicies ValidatingAdmissionPolicy cluster categories=api-extensions generation
          sub status get,patch,update
        resource validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding cluster categories=api-extensions generation
        resource validatingwebhookconfigurations ValidatingWebhookConfiguration cluster categories=api-extensions generation
        type ApplyConfiguration
          expression string
        type AuditAnnotation
          key! string
          valueExpression! string
        type ExpressionWarning
          fieldRef! string
          warning! string
        type JSONPatch
          expression string
        type MatchCondition
          expression string = ""
          name string = ""
        type MatchResources atomic
          excludeResourceRules [NamedRuleWithOperations]
          matchPolicy string = Equivalent enum(Equivalent|Exact)
          namespaceSelector meta.LabelSelector = {}
          objectSelector meta.LabelSelector = {}
          resourceRules [NamedRuleWithOperations]
        kind MutatingAdmissionPolicy
          spec MutatingAdmissionPolicySpec = {}
        kind MutatingAdmissionPolicyBinding
          spec MutatingAdmissionPolicyBindingSpec = {}
        type MutatingAdmissionPolicyBindingSpec
          matchResources MatchResources
          paramRef ParamRef
          policyName string
        type MutatingAdmissionPolicySpec
          failurePolicy string = Fail enum(Fail|Ignore)
          matchConditions [MatchCondition] map(name) patch(name)
          matchConstraints MatchResources
          mutations [Mutation]
          paramKind ParamKind
          reinvocationPolicy string
          variables [Variable]
        type MutatingWebhook
          admissionReviewVersions! [string]
          clientConfig WebhookClientConfig = {}
          failurePolicy string = Fail enum(Fail|Ignore)
          matchConditions [MatchCondition] map(name) patch(name)
          matchPolicy string = Equivalent enum(Equivalent|Exact)
          name! string
          namespaceSelector meta.LabelSelector = {}
          objectSelector meta.LabelSelector = {}
          reinvocationPolicy string = Never enum(IfNeeded|Never)
          rules [RuleWithOperations]
          sideEffects! string enum(None|NoneOnDryRun)
          timeoutSeconds *int32 = 10 range(1,30)
        kind MutatingWebhookConfiguration
          webhooks [MutatingWebhook] map(name) patch(name)
        type Mutation
          applyConfiguration ApplyConfiguration
          jsonPatch JSONPatch
          patchType! string
        type NamedRuleWithOperations atomic
          apiGroups [string]
          apiVersions [string]
          operations [string]
          resourceNames [string]
          resources [string]
          scope string = *
        type ParamKind atomic
          apiVersion string
          kind string
        type ParamRef atomic
          name string
          namespace string
          parameterNotFoundAction string
          selector meta.LabelSelector
        type RuleWithOperations
          apiGroups [string]
          apiVersions [string]
          operations [string]
          resources [string]
          scope string = *
        type ServiceReference
          name! string
          namespace! string
          path string
          port *int32 = 443
        type TypeChecking
          expressionWarnings [ExpressionWarning]
        kind ValidatingAdmissionPolicy
          spec ValidatingAdmissionPolicySpec = {}
          status ValidatingAdmissionPolicyStatus = {}
        kind ValidatingAdmissionPolicyBinding
          spec ValidatingAdmissionPolicyBindingSpec = {}
        type ValidatingAdmissionPolicyBindingSpec
          matchResources MatchResources
          paramRef ParamRef
          policyName! string
          validationActions! [string] set
        type ValidatingAdmissionPolicySpec
          auditAnnotations [AuditAnnotation]
          failurePolicy string = Fail enum(Fail|Ignore)
          matchConditions [MatchCondition] map(name) patch(name)
          matchConstraints MatchResources
          paramKind ParamKind
          validations [Validation]
          variables [Variable] map(name) patch(name)
        type ValidatingAdmissionPolicyStatus
          conditions [meta.Condition] map(type)
          observedGeneration int64
          typeChecking TypeChecking
        type ValidatingWebhook
          admissionReviewVersions! [string]
          clientConfig WebhookClientConfig = {}
          failurePolicy string = Fail enum(Fail|Ignore)
          matchConditions [MatchCondition] map(name) patch(name)
          matchPolicy string = Equivalent enum(Equivalent|Exact)
          name! string
          namespaceSelector meta.LabelSelector = {}
          objectSelector meta.LabelSelector = {}
          rules [RuleWithOperations]
          sideEffects! string enum(None|NoneOnDryRun)
          timeoutSeconds *int32 = 10 range(1,30)
        kind ValidatingWebhookConfiguration
          webhooks [ValidatingWebhook] map(name) patch(name)
        type Validation
          expression! string
          message string
          messageExpression string
          reason string
        type Variable atomic
          expression! string
          name! string
        type WebhookClientConfig
          caBundle bytes
          service ServiceReference
          url string
        """#
}
