// certificates.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let certificates = #"""
        group certificates.k8s.io v1 certificates
        resource certificatesigningrequests CertificateSigningRequest cluster short=csr fields=spec.signerName
          sub approval get,patch,update
          sub status get,patch,update
        kind CertificateSigningRequest
          spec CertificateSigningRequestSpec = {}
          status CertificateSigningRequestStatus = {}
        type CertificateSigningRequestCondition
          lastTransitionTime time
          lastUpdateTime time
          message string
          reason string
          status string = ""
          type string = ""
        type CertificateSigningRequestSpec
          expirationSeconds *int32
          extra {[string]}
          groups [string]
          request! bytes
          signerName! string immutable
          uid string
          usages [string]
          username string
        type CertificateSigningRequestStatus
          certificate bytes
          conditions [CertificateSigningRequestCondition] map(type)
        """#
}
