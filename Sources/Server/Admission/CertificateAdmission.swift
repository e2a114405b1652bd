internal import API
internal import JSON
internal import TLS

/// Who approves or signs a request for a certificate must be allowed to do so for its signer; and nobody gets a client certificate of
/// the group that may do everything.
/// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#certificateapproval
struct CertificateAdmission: AdmissionStep {
    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        guard context.resource.storeName == "certificatesigningrequests.certificates.k8s.io" else { return }
        let name = object["metadata"]["name"].string ?? ""
        guard let old else {
            let signer = object["spec"]["signerName"].string ?? ""
            if signer == "kubernetes.io/kube-apiserver-client",
                let bytes = Base64.decode(object["spec"]["request"].string ?? ""),
                let request = try? CertificateRequest(pem: String(decoding: bytes, as: UTF8.self)),
                request.organizations.contains("system:masters")
            {
                throw .forbidden(
                    context.resource.definition, name,
                    "use of \(signer) signer with system:masters group is not allowed")
            }
            return
        }
        let signer = old["spec"]["signerName"].string ?? ""
        let verb: String
        switch context.subresource {
        case "approval"?: verb = "approve"
        case "status"? where old["status"]["certificate"] != object["status"]["certificate"] || Self.fails(object, old):
            verb = "sign"
        default: return
        }
        // For one signer, or for all of its domain.
        let domain = signer.split(separator: "/", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        let isAllowed = [signer, domain + "/*"].contains { place in
            context.server.authorizer.allows(
                context.caller,
                RequestAttributes(
                    verb: verb, group: "certificates.k8s.io", version: "*", resource: "signers", namespace: "",
                    name: place))
        }
        if !isAllowed {
            throw .forbidden(
                context.resource.definition, name,
                "user not permitted to \(verb) requests with signerName \"\(signer)\"")
        }
    }

    private static func fails(_ object: JSONValue, _ old: JSONValue) -> Bool {
        func hasFailed(_ request: JSONValue) -> Bool {
            (request["status"]["conditions"].array ?? []).contains { $0["type"] == "Failed" }
        }
        return hasFailed(object) && !hasFailed(old)
    }
}
