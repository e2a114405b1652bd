// authorization.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let authorization = #"""
        group authorization.k8s.io v1 authorization
        resource localsubjectaccessreviews LocalSubjectAccessReview namespaced verbs=create
        resource selfsubjectaccessreviews SelfSubjectAccessReview cluster verbs=create
        resource selfsubjectrulesreviews SelfSubjectRulesReview cluster verbs=create
        resource subjectaccessreviews SubjectAccessReview cluster verbs=create
        type FieldSelectorAttributes
          rawSelector string @1
          requirements [meta.FieldSelectorRequirement] @2
        type LabelSelectorAttributes
          rawSelector string @1
          requirements [meta.LabelSelectorRequirement] @2
        kind LocalSubjectAccessReview
          spec SubjectAccessReviewSpec = {} @2
          status SubjectAccessReviewStatus = {} @3
        type NonResourceAttributes
          path string @1
          verb string @2
        type NonResourceRule
          nonResourceURLs [string] @2
          verbs! [string] @1
        type ResourceAttributes
          fieldSelector FieldSelectorAttributes @8
          group string @3
          labelSelector LabelSelectorAttributes @9
          name string @7
          namespace string @1
          resource string @5
          subresource string @6
          verb string @2
          version string @4
        type ResourceRule
          apiGroups [string] @2
          resourceNames [string] @4
          resources [string] @3
          verbs! [string] @1
        kind SelfSubjectAccessReview
          spec SelfSubjectAccessReviewSpec = {} @2
          status SubjectAccessReviewStatus = {} @3
        type SelfSubjectAccessReviewSpec
          nonResourceAttributes NonResourceAttributes @2
          resourceAttributes ResourceAttributes @1
        kind SelfSubjectRulesReview
          spec SelfSubjectRulesReviewSpec = {} @2
          status SubjectRulesReviewStatus = {} @3
        type SelfSubjectRulesReviewSpec
          namespace string @1
        kind SubjectAccessReview
          spec SubjectAccessReviewSpec = {} @2
          status SubjectAccessReviewStatus = {} @3
        type SubjectAccessReviewSpec
          extra {[string]} @5
          groups [string] @4
          nonResourceAttributes NonResourceAttributes @2
          resourceAttributes ResourceAttributes @1
          uid string @6
          user string @3
        type SubjectAccessReviewStatus
          allowed bool = false @1
          denied bool @4
          evaluationError string @3
          reason string @2
        type SubjectRulesReviewStatus
          evaluationError string @4
          incomplete bool = false @3
          nonResourceRules [NonResourceRule] = null @2
          resourceRules [ResourceRule] = null @1
        """#
}
