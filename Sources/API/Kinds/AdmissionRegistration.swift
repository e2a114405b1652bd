// admissionregistration.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let admissionRegistration = #"""
        group admissionregistration.k8s.io v1 admissionregistration
        resource mutatingadmissionpolicies MutatingAdmissionPolicy cluster categories=api-extensions generation
          column Name name .metadata.name
          column Mutations integer count(.spec.mutations)
          column ParamKind string paramKind
          column Age string age
        resource mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding cluster categories=api-extensions generation
          column Name name .metadata.name
          column PolicyName string .spec.policyName
          column ParamRef string paramRef
          column Age string age
        resource mutatingwebhookconfigurations MutatingWebhookConfiguration cluster categories=api-extensions generation checks=2,1
          column Name name .metadata.name
          column Webhooks integer count(.webhooks)
          column Age string age
        resource validatingadmissionpolicies ValidatingAdmissionPolicy cluster categories=api-extensions generation
          sub status get,patch,update
          column Name name .metadata.name
          column Validations integer count(.spec.validations)
          column ParamKind string paramKind
          column Age string age
        resource validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding cluster categories=api-extensions generation
          column Name name .metadata.name
          column PolicyName string .spec.policyName
          column ParamRef string paramRef
          column Age string age
        resource validatingwebhookconfigurations ValidatingWebhookConfiguration cluster categories=api-extensions generation checks=2,1
          column Name name .metadata.name
          column Webhooks integer count(.webhooks)
          column Age string age
        type ApplyConfiguration
          expression string @1
        type AuditAnnotation
          key! string @1
          valueExpression! string @2
        type ExpressionWarning
          fieldRef! string @2
          warning! string @3
        type JSONPatch
          expression string @1
        type MatchCondition
          expression string = "" @2
          name string = "" @1
        type MatchResources atomic
          excludeResourceRules [NamedRuleWithOperations] @4
          matchPolicy string = Equivalent enum(Equivalent|Exact) @7
          namespaceSelector meta.LabelSelector = {} @1
          objectSelector meta.LabelSelector = {} @2
          resourceRules [NamedRuleWithOperations] @3
        kind MutatingAdmissionPolicy # Expressions that may change objects.
          spec MutatingAdmissionPolicySpec = {} @2
        kind MutatingAdmissionPolicyBinding # Where an admission policy applies.
          spec MutatingAdmissionPolicyBindingSpec = {} @2
        type MutatingAdmissionPolicyBindingSpec
          matchResources MatchResources @3
          paramRef ParamRef @2
          policyName string @1
        type MutatingAdmissionPolicySpec
          failurePolicy string = Fail enum(Fail|Ignore) @5
          matchConditions [MatchCondition] map(name) patch(name) @6
          matchConstraints MatchResources @2
          mutations [Mutation] @4
          paramKind ParamKind @1
          reinvocationPolicy string @7
          variables [Variable] @3
        type MutatingWebhook
          admissionReviewVersions! [string] @8
          clientConfig WebhookClientConfig = {} @2
          failurePolicy string = Fail enum(Fail|Ignore) @4
          matchConditions [MatchCondition] map(name) patch(name) @12
          matchPolicy string = Equivalent enum(Equivalent|Exact) @9
          name! string @1
          namespaceSelector meta.LabelSelector = {} @5
          objectSelector meta.LabelSelector = {} @11
          reinvocationPolicy string = Never enum(IfNeeded|Never) @10
          rules [RuleWithOperations] @3
          sideEffects! string enum(None|NoneOnDryRun) @6
          timeoutSeconds *int32 = 10 range(1,30) @7
        kind MutatingWebhookConfiguration # Webhooks that may change objects.
          webhooks [MutatingWebhook] map(name) patch(name) @2
        type Mutation
          applyConfiguration ApplyConfiguration @3
          jsonPatch JSONPatch @4
          patchType! string @2
        type NamedRuleWithOperations atomic
          apiGroups [string] @2.2.1
          apiVersions [string] @2.2.2
          operations [string] @2.1
          resourceNames [string] @1
          resources [string] @2.2.3
          scope string = * @2.2.4
        type ParamKind atomic
          apiVersion string @1
          kind string @2
        type ParamRef atomic
          name string @1
          namespace string @2
          parameterNotFoundAction string enum(Allow|Deny) @4
          selector meta.LabelSelector @3
        type RuleWithOperations
          apiGroups [string] @2.1
          apiVersions [string] @2.2
          operations [string] @1
          resources [string] @2.3
          scope string = * @2.4
        type ServiceReference
          name! string @2
          namespace! string @1
          path string @3
          port *int32 = 443 range(1,65535) @4
        type TypeChecking
          expressionWarnings [ExpressionWarning] @1
        kind ValidatingAdmissionPolicy # Expressions that may refuse objects.
          spec ValidatingAdmissionPolicySpec = {} @2
          status ValidatingAdmissionPolicyStatus = {} @3
        kind ValidatingAdmissionPolicyBinding # Where an admission policy applies.
          spec ValidatingAdmissionPolicyBindingSpec = {} @2
        type ValidatingAdmissionPolicyBindingSpec
          matchResources MatchResources @3
          paramRef ParamRef @2
          policyName! string @1
          validationActions! [string] set @4
        type ValidatingAdmissionPolicySpec
          auditAnnotations [AuditAnnotation] @5
          failurePolicy string = Fail enum(Fail|Ignore) @4
          matchConditions [MatchCondition] map(name) patch(name) @6
          matchConstraints MatchResources @2
          paramKind ParamKind @1
          validations [Validation] @3
          variables [Variable] map(name) patch(name) @7
        type ValidatingAdmissionPolicyStatus
          conditions [meta.Condition] map(type) @3
          observedGeneration int64 @1
          typeChecking TypeChecking @2
        type ValidatingWebhook
          admissionReviewVersions! [string] @8
          clientConfig WebhookClientConfig = {} @2
          failurePolicy string = Fail enum(Fail|Ignore) @4
          matchConditions [MatchCondition] map(name) patch(name) @11
          matchPolicy string = Equivalent enum(Equivalent|Exact) @9
          name! string @1
          namespaceSelector meta.LabelSelector = {} @5
          objectSelector meta.LabelSelector = {} @10
          rules [RuleWithOperations] @3
          sideEffects! string enum(None|NoneOnDryRun) @6
          timeoutSeconds *int32 = 10 range(1,30) @7
        kind ValidatingWebhookConfiguration # Webhooks that may refuse objects.
          webhooks [ValidatingWebhook] map(name) patch(name) @2
        type Validation
          expression! string @1
          message string @2
          messageExpression string @4
          reason string @3
        type Variable atomic
          expression! string @2
          name! string @1
        type WebhookClientConfig
          caBundle bytes @2
          service ServiceReference @1
          url string @3
        """#
}
