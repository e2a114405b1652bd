// authentication.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let authentication = #"""
        group authentication.k8s.io v1 authentication
        resource selfsubjectreviews SelfSubjectReview cluster verbs=create
        resource tokenreviews TokenReview cluster verbs=create
        type BoundObjectReference
          apiVersion string
          kind string
          name string
          uid string
        kind SelfSubjectReview
          status SelfSubjectReviewStatus = {}
        type SelfSubjectReviewStatus
          userInfo UserInfo = {}
        kind TokenRequest
          spec TokenRequestSpec = {}
          status TokenRequestStatus = {}
        type TokenRequestSpec
          audiences [string] = null
          boundObjectRef BoundObjectReference
          expirationSeconds *int64 = 3600 min(600)
        type TokenRequestStatus
          expirationTimestamp time
          token string
        kind TokenReview
          spec TokenReviewSpec = {}
          status TokenReviewStatus = {}
        type TokenReviewSpec
          audiences [string]
          token string
        type TokenReviewStatus
          audiences [string]
          authenticated bool
          error string
          user UserInfo = {}
        type UserInfo
          extra {[string]}
          groups [string]
          uid string
          username string
        """#
}
