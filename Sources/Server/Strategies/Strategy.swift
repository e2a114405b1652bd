internal import API
internal import JSON
internal import TLS

/// What a write knows about where it comes from.
struct WriteContext {
    let server: APIServer
    let resource: ServedResource
    let namespace: String?
    let caller: Caller
    let options: WriteOptions
    /// The subresource that is written; nil for the object itself.
    var subresource: String?
}

/// What is particular about a kind and cannot be declared. The defaults do what most kinds need.
protocol Strategy: Sendable {
    /// Fills in what the server decides about a new object. Runs after defaulting, before validation.
    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError)
    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError)
    func validate(_ object: JSONValue, old: JSONValue?, _ context: WriteContext, _ errors: inout [FieldError])
    /// Seconds an object gets to end by itself after it was deleted; nil for kinds that go at once.
    func gracePeriod(of object: JSONValue, requested: Int?) -> Int?
    /// What is done to an object when its deletion begins.
    func prepareForDeletion(_ object: inout JSONValue)
    /// What the client is told about an object that is accepted.
    func warnings(_ object: JSONValue, old: JSONValue?, _ context: WriteContext) -> [String]
    /// Refuses a deletion.
    func checkDeletion(name: String, _ resource: ServedResource) throws(StatusError)
    /// A deleted object whose finalizers are gone stays until this holds.
    func mayVanish(_ object: JSONValue) -> Bool
    /// DELETE answers with the last state of the object, not with a Status.
    var returnsDeletedObject: Bool { get }
    /// Dependents are left alone unless the request says otherwise.
    var orphansDependents: Bool { get }
    /// A new object may come with a status.
    var keepsStatusOnCreate: Bool { get }
    /// Finalizers that every new object gets.
    var protection: String? { get }
    /// Parts of the metadata that an update of the status leaves as they are.
    var keptByStatus: [String] { get }
    /// A PUT of an object that is not there creates it.
    var createsOnUpdate: Bool { get }
    /// A PUT must say which revision it replaces.
    var needsRevision: Bool { get }
}

extension Strategy {
    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {}
    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {}
    func validate(_ object: JSONValue, old: JSONValue?, _ context: WriteContext, _ errors: inout [FieldError]) {}
    func gracePeriod(of object: JSONValue, requested: Int?) -> Int? { nil }
    func prepareForDeletion(_ object: inout JSONValue) {}
    func warnings(_ object: JSONValue, old: JSONValue?, _ context: WriteContext) -> [String] { [] }
    func checkDeletion(name: String, _ resource: ServedResource) throws(StatusError) {}
    func mayVanish(_ object: JSONValue) -> Bool { true }
    var returnsDeletedObject: Bool { false }
    var orphansDependents: Bool { false }
    var keepsStatusOnCreate: Bool { false }
    var protection: String? { nil }
    var keptByStatus: [String] { [] }
    var createsOnUpdate: Bool { false }
    var needsRevision: Bool { false }
}

struct DefaultStrategy: Strategy {
    var returnsDeletedObject = false
    var orphansDependents = false
    var keepsStatusOnCreate = false
    var protection: String?
    var keptByStatus: [String] = []
    var createsOnUpdate = false
    var needsRevision = false
    /// Said to who writes such an object.
    var warning: String?

    func warnings(_ object: JSONValue, old: JSONValue?, _ context: WriteContext) -> [String] {
        warning.map { [$0] } ?? []
    }

    /// meta/v1 ResetObjectMetaForStatus.
    static let metadata = ["labels", "annotations", "finalizers", "ownerReferences"]
}

/// The kinds with a strategy of their own; one line each.
enum Strategies {
    static func of(_ resource: ResourceDefinition) -> any Strategy {
        byResource[resource.groupResource] ?? DefaultStrategy()
    }

    private static let notEvaluated =
        "admission policies are kept, but this server does not evaluate them: nothing is refused or changed"

    private static let byResource: [String: any Strategy] = [
        "pods": PodStrategy(),
        "namespaces": NamespaceStrategy(),
        "services": ServiceStrategy(),
        "templateinstances.template.openshift.io": TemplateInstanceStrategy(),
        "nodes": DefaultStrategy(keepsStatusOnCreate: true),
        "customresourcedefinitions.apiextensions.k8s.io": CustomResourceDefinitionStrategy(),
        "configmaps": ConfigMapStrategy(),
        "endpoints": DefaultStrategy(createsOnUpdate: true),
        "limitranges": DefaultStrategy(createsOnUpdate: true),
        "deployments.apps": DeploymentStrategy(),
        "endpointslices.discovery.k8s.io": EndpointSliceStrategy(),
        "leases.coordination.k8s.io": DefaultStrategy(createsOnUpdate: true, needsRevision: true),
        "roles.rbac.authorization.k8s.io": DefaultStrategy(createsOnUpdate: true),
        "rolebindings.rbac.authorization.k8s.io": DefaultStrategy(createsOnUpdate: true),
        "clusterroles.rbac.authorization.k8s.io": DefaultStrategy(createsOnUpdate: true),
        "clusterrolebindings.rbac.authorization.k8s.io": DefaultStrategy(createsOnUpdate: true),
        "flowschemas.flowcontrol.apiserver.k8s.io": DefaultStrategy(
            keptByStatus: DefaultStrategy.metadata, needsRevision: true),
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": DefaultStrategy(
            keptByStatus: DefaultStrategy.metadata, needsRevision: true),
        "validatingadmissionpolicies.admissionregistration.k8s.io": DefaultStrategy(
            keptByStatus: DefaultStrategy.metadata, needsRevision: true, warning: notEvaluated),
        "validatingadmissionpolicybindings.admissionregistration.k8s.io": DefaultStrategy(
            needsRevision: true, warning: notEvaluated),
        "mutatingadmissionpolicies.admissionregistration.k8s.io": DefaultStrategy(
            needsRevision: true, warning: notEvaluated),
        "mutatingadmissionpolicybindings.admissionregistration.k8s.io": DefaultStrategy(
            needsRevision: true, warning: notEvaluated),
        "validatingwebhookconfigurations.admissionregistration.k8s.io": WebhookConfigurationStrategy(),
        "mutatingwebhookconfigurations.admissionregistration.k8s.io": WebhookConfigurationStrategy(),
        "servicecidrs.networking.k8s.io": DefaultStrategy(keptByStatus: DefaultStrategy.metadata),
        "csistoragecapacities.storage.k8s.io": DefaultStrategy(needsRevision: true),
        "apiservices.apiregistration.k8s.io": DefaultStrategy(
            keptByStatus: DefaultStrategy.metadata, needsRevision: true),
        "runtimeclasses.node.k8s.io": DefaultStrategy(needsRevision: true),
        "poddisruptionbudgets.policy": DefaultStrategy(needsRevision: true),
        "replicationcontrollers": DefaultStrategy(orphansDependents: true),
        "daemonsets.apps": DaemonSetStrategy(),
        "jobs.batch": JobStrategy(),
        "events": EventStrategy(),
        "certificatesigningrequests.certificates.k8s.io": CertificateStrategy(),
        "secrets": ConfigMapStrategy(),
        "serviceaccounts": DefaultStrategy(returnsDeletedObject: true, needsRevision: true),
        "podtemplates": DefaultStrategy(returnsDeletedObject: true),
        "resourcequotas": DefaultStrategy(returnsDeletedObject: true),
        "persistentvolumeclaims": ClaimStrategy(),
        "persistentvolumes": DefaultStrategy(returnsDeletedObject: true, protection: "kubernetes.io/pv-protection"),
        "storageclasses.storage.k8s.io": DefaultStrategy(returnsDeletedObject: true),
        "csidrivers.storage.k8s.io": CSIDriverStrategy(),
        "csinodes.storage.k8s.io": DefaultStrategy(returnsDeletedObject: true, needsRevision: true),
        "volumeattachments.storage.k8s.io": DefaultStrategy(
            returnsDeletedObject: true, keptByStatus: DefaultStrategy.metadata, needsRevision: true),
        "volumeattributesclasses.storage.k8s.io": DefaultStrategy(
            returnsDeletedObject: true, protection: "kubernetes.io/vac-protection"),
        "deviceclasses.resource.k8s.io": DefaultStrategy(returnsDeletedObject: true),
        "resourceclaims.resource.k8s.io": DefaultStrategy(
            returnsDeletedObject: true, keptByStatus: DefaultStrategy.metadata),
        "resourceslices.resource.k8s.io": DefaultStrategy(returnsDeletedObject: true),
        "resourceclaimtemplates.resource.k8s.io": DefaultStrategy(returnsDeletedObject: true),
    ]
}
