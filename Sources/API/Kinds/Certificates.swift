// certificates.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let certificates = #"""
        group certificates.k8s.io v1 certificates
        resource certificatesigningrequests CertificateSigningRequest cluster short=csr fields=spec.signerName name=pathSegment
          sub approval get,patch,update
          sub status get,patch,update
          column Name name .metadata.name
          column Age string age
          column SignerName string .spec.signerName
          column Requestor string .spec.username
          column RequestedDuration string requestedDuration
          column Condition string csrCondition
        kind CertificateSigningRequest # A request for a certificate, to be approved and signed.
          spec CertificateSigningRequestSpec = {} @2
          status CertificateSigningRequestStatus = {} @3
        type CertificateSigningRequestCondition
          lastTransitionTime time @5
          lastUpdateTime time @4
          message string @3
          reason string @2
          status string = "" @6
          type string = "" @1
        type CertificateSigningRequestSpec
          expirationSeconds *int32 @8
          extra {[string]} @6
          groups [string] @4
          request! bytes @1
          signerName! string immutable @7
          uid string @3
          usages [string] @5
          username string @2
        type CertificateSigningRequestStatus
          certificate bytes @2
          conditions [CertificateSigningRequestCondition] map(type) @1
        """#
}
