// Client: how every part of Segler reaches the API. `ObjectClient` is the protocol that controllers, the scheduler and node
// agents are written against; within the server's process it is a direct call, between machines it is HTTPS.
// Reflector (list and watch into a cache), WorkQueue and Recorder (events) build on it.

public import API
public import JSON

/// A resource as paths name it. One version is enough: the store serves all versions of a resource.
public struct ResourceName: Sendable, Hashable {
    public let group: String
    public let version: String
    public let plural: String

    public init(_ plural: String, group: String = "", version: String = "v1") {
        (self.group, self.version, self.plural) = (group, version, plural)
    }

    public static let pods = ResourceName("pods")
    public static let nodes = ResourceName("nodes")
    public static let namespaces = ResourceName("namespaces")
    public static let events = ResourceName("events")
    public static let configMaps = ResourceName("configmaps")
    public static let secrets = ResourceName("secrets")
    public static let serviceAccounts = ResourceName("serviceaccounts")
    public static let leases = ResourceName("leases", group: "coordination.k8s.io")
    public static let replicaSets = ResourceName("replicasets", group: "apps")
    public static let deployments = ResourceName("deployments", group: "apps")
    public static let statefulSets = ResourceName("statefulsets", group: "apps")
    public static let daemonSets = ResourceName("daemonsets", group: "apps")
    public static let controllerRevisions = ResourceName("controllerrevisions", group: "apps")
    public static let replicationControllers = ResourceName("replicationcontrollers")
    public static let runtimeClasses = ResourceName("runtimeclasses", group: "node.k8s.io")
    public static let certificateSigningRequests = ResourceName(
        "certificatesigningrequests", group: "certificates.k8s.io")
    public static let clusterRoles = ResourceName("clusterroles", group: "rbac.authorization.k8s.io")
    public static let horizontalPodAutoscalers = ResourceName(
        "horizontalpodautoscalers", group: "autoscaling", version: "v2")
    /// What Pods use now; to be got and listed only, and only where a node measures it.
    public static let podMetrics = ResourceName("pods", group: "metrics.k8s.io", version: "v1beta1")
    public static let cronJobs = ResourceName("cronjobs", group: "batch")
    public static let endpoints = ResourceName("endpoints")
    public static let endpointSlices = ResourceName("endpointslices", group: "discovery.k8s.io")
    public static let jobs = ResourceName("jobs", group: "batch")
    public static let persistentVolumeClaims = ResourceName("persistentvolumeclaims")
    public static let persistentVolumes = ResourceName("persistentvolumes")
    public static let podDisruptionBudgets = ResourceName("poddisruptionbudgets", group: "policy")
    public static let flowSchemas = ResourceName("flowschemas", group: "flowcontrol.apiserver.k8s.io")
    public static let priorityLevelConfigurations = ResourceName(
        "prioritylevelconfigurations", group: "flowcontrol.apiserver.k8s.io")
    public static let resourceQuotas = ResourceName("resourcequotas")
    public static let services = ResourceName("services")
    public static let storageClasses = ResourceName("storageclasses", group: "storage.k8s.io")
    public static let templateInstances = ResourceName("templateinstances", group: "template.openshift.io")
    public static let tokenReviews = ResourceName("tokenreviews", group: "authentication.k8s.io")
    public static let subjectAccessReviews = ResourceName("subjectaccessreviews", group: "authorization.k8s.io")
}

public struct ListOptions: Sendable {
    public var labelSelector = LabelSelector.everything
    public var fieldSelector = FieldSelector.everything

    public init(labelSelector: LabelSelector = .everything, fieldSelector: FieldSelector = .everything) {
        (self.labelSelector, self.fieldSelector) = (labelSelector, fieldSelector)
    }
}

public struct ObjectList: Sendable {
    /// Where a watch continues without a gap.
    public let resourceVersion: String
    public let items: [Object]

    public init(resourceVersion: String, items: [Object]) {
        (self.resourceVersion, self.items) = (resourceVersion, items)
    }
}

public enum WatchEvent: Sendable {
    case added(Object)
    case modified(Object)
    /// The last state before the deletion.
    case deleted(Object)
    /// Nothing happened up to this resourceVersion.
    case bookmark(String)
}

/// How an object is deleted (meta/v1 DeleteOptions).
public struct DeleteOptions: Sendable {
    /// Seconds; nil leaves it to the object.
    public var gracePeriodSeconds: Int?
    /// Background, Foreground or Orphan; nil leaves it to the kind.
    public var propagationPolicy: String?
    /// Refused (409) when the object has another uid or resourceVersion.
    public var uid: String?
    public var resourceVersion: String?

    public init(
        gracePeriodSeconds: Int? = nil, propagationPolicy: String? = nil, uid: String? = nil,
        resourceVersion: String? = nil
    ) {
        (self.gracePeriodSeconds, self.propagationPolicy) = (gracePeriodSeconds, propagationPolicy)
        (self.uid, self.resourceVersion) = (uid, resourceVersion)
    }
}

/// The API as a client with one identity sees it. Every call may be refused with the `Status` that kubectl would see:
/// 404 NotFound, 409 Conflict or AlreadyExists, 403 Forbidden, 410 Expired for a watch that has to list again, and so on.
public protocol ObjectClient: Sendable {
    /// `namespace` is nil for resources of the cluster, and for lists and watches over all namespaces.
    func get(_ resource: ResourceName, namespace: String?, name: String) async throws(StatusError) -> Object
    func list(_ resource: ResourceName, namespace: String?, _ options: ListOptions) async throws(StatusError)
        -> ObjectList
    func create(_ resource: ResourceName, namespace: String?, _ object: JSONValue) async throws(StatusError) -> Object
    /// A POST to a subresource of one object: binding, eviction, token.
    func create(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String, _ object: JSONValue
    ) async throws(StatusError) -> Object
    /// Refused with 409 when `metadata.resourceVersion` is set and no longer the newest.
    func update(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String?, _ object: JSONValue
    ) async throws(StatusError) -> Object
    func patch(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String?, _ type: PatchType,
        _ patch: JSONValue
    ) async throws(StatusError) -> Object
    /// The object as it is afterwards: gone, or with its deletionTimestamp.
    @discardableResult
    func delete(
        _ resource: ResourceName, namespace: String?, name: String, _ options: DeleteOptions
    ) async throws(StatusError) -> Object?
    /// Events after `resourceVersion`. The stream ends with an error when it falls behind or the version is too old
    /// (410 Expired: list again), and without one when the server shuts down.
    func watch(
        _ resource: ResourceName, namespace: String?, _ options: ListOptions, resourceVersion: String
    ) async throws(StatusError) -> AsyncThrowingStream<WatchEvent, any Error>
}

extension ObjectClient {
    /// Reads, edits and writes; starts over when somebody else wrote in between. `edit` returns false to leave the
    /// object as it is.
    @discardableResult
    public func modify(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String? = nil,
        _ edit: (inout JSONValue) -> Bool
    ) async throws(StatusError) -> Object {
        while true {
            let current = try await get(resource, namespace: namespace, name: name)
            var value = current.value
            guard edit(&value) else { return current }
            do {
                return try await update(resource, namespace: namespace, name: name, subresource: subresource, value)
            } catch  where error.reason == "Conflict" {
                continue
            }
        }
    }
}
