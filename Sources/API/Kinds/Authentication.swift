// authentication.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let authentication = #"""
        group authentication.k8s.io v1 authentication
        resource selfsubjectreviews SelfSubjectReview cluster verbs=create
        resource tokenreviews TokenReview cluster verbs=create
        type BoundObjectReference
          apiVersion string @2
          kind string @1
          name string @3
          uid string @4
        kind SelfSubjectReview
          status SelfSubjectReviewStatus = {} @2
        type SelfSubjectReviewStatus
          userInfo UserInfo = {} @1
        kind TokenRequest
          spec TokenRequestSpec = {} @2
          status TokenRequestStatus = {} @3
        type TokenRequestSpec
          audiences [string] = null @1
          boundObjectRef BoundObjectReference @3
          expirationSeconds *int64 = 3600 min(600) @4
        type TokenRequestStatus
          expirationTimestamp time @2
          token string @1
        kind TokenReview
          spec TokenReviewSpec = {} @2
          status TokenReviewStatus = {} @3
        type TokenReviewSpec
          audiences [string] @2
          token string @1
        type TokenReviewStatus
          audiences [string] @4
          authenticated bool @1
          error string @3
          user UserInfo = {} @2
        type UserInfo
          extra {[string]} @4
          groups [string] @3
          uid string @2
          username string @1
        """#
}
