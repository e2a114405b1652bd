// authorization.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let authorization = #"""
        group authorization.k8s.io v1 authorization
        resource localsubjectaccessreviews LocalSubjectAccessReview namespaced verbs=create
        resource selfsubjectaccessreviews SelfSubjectAccessReview cluster verbs=create
        resource selfsubjectrulesreviews SelfSubjectRulesReview cluster verbs=create
        resource subjectaccessreviews SubjectAccessReview cluster verbs=create
        type FieldSelectorAttributes
          rawSelector string
          requirements [meta.FieldSelectorRequirement]
        type LabelSelectorAttributes
          rawSelector string
          requirements [meta.LabelSelectorRequirement]
        kind LocalSubjectAccessReview
          spec SubjectAccessReviewSpec = {}
          status SubjectAccessReviewStatus = {}
        type NonResourceAttributes
          path string
          verb string
        type NonResourceRule
          nonResourceURLs [string]
          verbs! [string]
        type ResourceAttributes
          fieldSelector FieldSelectorAttributes
          group string
          labelSelector LabelSelectorAttributes
          name string
          namespace string
          resource string
          subresource string
          verb string
          version string
        type ResourceRule
          apiGroups [string]
          resourceNames [string]
          resources [string]
          verbs! [string]
        kind SelfSubjectAccessReview
          spec SelfSubjectAccessReviewSpec = {}
          status SubjectAccessReviewStatus = {}
        type SelfSubjectAccessReviewSpec
          nonResourceAttributes NonResourceAttributes
          resourceAttributes ResourceAttributes
        kind SelfSubjectRulesReview
          spec SelfSubjectRulesReviewSpec = {}
          status SubjectRulesReviewStatus = {}
        type SelfSubjectRulesReviewSpec
          namespace string
        kind SubjectAccessReview
          spec SubjectAccessReviewSpec = {}
          status SubjectAccessReviewStatus = {}
        type SubjectAccessReviewSpec
          extra {[string]}
          groups [string]
          nonResourceAttributes NonResourceAttributes
          resourceAttributes ResourceAttributes
          uid string
          user string
        type SubjectAccessReviewStatus
          allowed bool = false
          denied bool
          evaluationError string
          reason string
        type SubjectRulesReviewStatus
          evaluationError string
          incomplete bool = false
          nonResourceRules [NonResourceRule] = null
          resourceRules [ResourceRule] = null
        """#
}
