public import API
public import JSON

/// An object that has a number of replicas, named by its kind as owner references and autoscalers do.
public struct ScaleTarget: Sendable, Hashable {
    public let group: String
    public let kind: String
    public let namespace: String
    public let name: String

    /// `apiVersion` is `GROUP/VERSION`, or `v1`; any served version of the kind does.
    public init(apiVersion: String, kind: String, namespace: String, name: String) {
        group = apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : ""
        (self.kind, self.namespace, self.name) = (kind, namespace, name)
    }
}

/// The subresource `scale` of every kind that has one, custom resources included (autoscaling/v1 Scale).
/// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#scale-subresource
public protocol ScaleClient: Sendable {
    /// 404 when the object is gone, and (`noMatch`) when no served kind of this name has a scale.
    func scale(of target: ScaleTarget) async throws(StatusError) -> Object
    /// Refused with 409 when the scale's `metadata.resourceVersion` is no longer the newest.
    @discardableResult
    func setScale(of target: ScaleTarget, _ scale: JSONValue) async throws(StatusError) -> Object
}

extension ScaleTarget {
    /// The reason of `noMatch`, which tells it from an object that is gone.
    public static let noMatchReason = "NoKindMatch"

    public var noMatch: StatusError {
        StatusError(
            code: 404, reason: Self.noMatchReason,
            message: "no matches for kind \"\(kind)\" with a scale in group \"\(group)\"")
    }
}
