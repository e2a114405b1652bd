public import API
public import Client
internal import HTTP
public import JSON
internal import Store
internal import Synchronization

/// The API for parts of Segler in this process: the same checks under an identity of its own, without sockets.
public struct LocalClient: ObjectClient {
    private let server: APIServer
    private let caller: Caller
    /// The component's name, as `managedFields` carries it.
    private let options: WriteOptions
    /// What a component of Segler may not do is a mistake of its roles, which the metrics show.
    private let isComponent: Bool

    /// `user` and `groups` decide what it may do: system:kube-scheduler, a node, or a user for whom something is done.
    public init(_ server: APIServer, user: String, groups: [String] = []) {
        let name = user.hasPrefix("system:node:") ? "kubelet" : user.split(separator: ":").last.map(String.init) ?? user
        self.init(
            server, Caller(user: user, groups: groups + ["system:authenticated"]), manager: name,
            isComponent: ["system:kube-", "system:node:"].contains { user.hasPrefix($0) })
    }

    /// As a ServiceAccount of kube-system.
    public init(_ server: APIServer, account: String, manager: String) {
        self.init(server, .serviceAccount("kube-system", account), manager: manager, isComponent: true)
    }

    private init(_ server: APIServer, _ caller: Caller, manager: String, isComponent: Bool) {
        (self.server, self.caller, self.isComponent) = (server, caller, isComponent)
        options = WriteOptions(manager: manager)
    }

    private func resolve(
        _ name: ResourceName, _ verb: String, _ namespace: String?, _ object: String = "", _ subresource: String = "",
        fields: FieldSelector = .everything
    ) throws(StatusError) -> ServedResource {
        guard
            let resource = server.registry.find(
                group: name.group[...], version: name.version[...], name: name.plural[...])
        else {
            throw .noSuchPath
        }
        let attributes = RequestAttributes(
            verb: verb, group: name.group, version: name.version, resource: name.plural, subresource: subresource,
            namespace: namespace ?? "", name: fields.required("metadata.name") ?? object, fields: fields)
        guard server.authorizer.allows(caller, attributes) else {
            let error = APIServer.forbidden(caller, attributes)
            if isComponent {
                server.noteRefusal(of: caller, attributes)
                return resource
            }  //TEMP
            throw error
        }
        return resource
    }

    private func parse(_ bytes: [UInt8]) throws(StatusError) -> Object {
        do { return try Object(parsing: bytes) } catch { throw .internalError("an object cannot be read: \(error)") }
    }

    private static func target(_ resource: ResourceName, _ namespace: String?, _ name: String) -> ResourcePath {
        ResourcePath(
            group: resource.group[...], version: resource.version[...], resource: resource.plural[...],
            namespace: namespace, name: name)
    }

    public func get(_ resource: ResourceName, namespace: String?, name: String) async throws(StatusError) -> Object {
        try parse(try server.get(try resolve(resource, "get", namespace, name), namespace: namespace, name: name).bytes)
    }

    public func list(_ resource: ResourceName, namespace: String?, _ options: ListOptions) async throws(StatusError)
        -> ObjectList
    {
        let served = try resolve(resource, "list", namespace, fields: options.fieldSelector)
        let isMetrics = resource.group == "metrics.k8s.io"
        guard let stored = isMetrics ? server.registry.find(groupResource: resource.plural) : served else {
            throw .noSuchPath
        }
        let snapshot = try server.snapshot(stored, namespace: namespace, Self.request(options))
        let objects = isMetrics ? await server.measurements(served, snapshot.objects) : snapshot.objects
        let items = try objects.map { (object) throws(StatusError) in try parse(object.bytes) }
        return ObjectList(resourceVersion: String(snapshot.revision), items: items)
    }

    private static func request(_ options: ListOptions) -> ListRequest {
        var request = ListRequest()
        request.labels = options.labelSelector
        request.fields = options.fieldSelector
        return request
    }

    public func create(_ resource: ResourceName, namespace: String?, _ object: JSONValue) async throws(StatusError)
        -> Object
    {
        let served = try resolve(resource, "create", namespace)
        let target = ResourcePath(
            group: resource.group[...], version: resource.version[...], resource: resource.plural[...],
            namespace: namespace, name: nil)
        // Reviews are answered, not stored.
        if let answer = try await server.createSpecial(served, target, .value(object), caller, options) {
            guard case .bytes(let bytes) = answer.body else { throw .internalError("no answer") }
            return try parse(bytes)
        }
        return try parse(try await server.create(served, namespace: namespace, .value(object), caller, options).bytes)
    }

    public func create(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String, _ object: JSONValue
    ) async throws(StatusError) -> Object {
        let served = try resolve(resource, "create", namespace, name, subresource)
        let response = try await server.act(subresource, served, namespace, name, .value(object), caller, options)
        guard case .bytes(let bytes) = response.body else { throw .internalError("no answer") }
        return try parse(bytes)
    }

    public func update(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String?, _ object: JSONValue
    ) async throws(StatusError) -> Object {
        let served = try resolve(resource, "update", namespace, name, subresource ?? "")
        let target = Self.target(resource, namespace, name)
        return try parse(try await server.replace(served, target, subresource, .value(object), caller, options).bytes)
    }

    public func patch(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String?, _ type: PatchType,
        _ patch: JSONValue
    ) async throws(StatusError) -> Object {
        let served = try resolve(resource, "patch", namespace, name, subresource ?? "")
        return try parse(
            try await server.patch(
                served, namespace: namespace, name: name, subresource: subresource, type, patch.encoded(), caller,
                options
            ).bytes)
    }

    @discardableResult
    public func delete(
        _ resource: ResourceName, namespace: String?, name: String, _ options: DeleteOptions
    ) async throws(StatusError) -> Object? {
        let served = try resolve(resource, "delete", namespace, name)
        var request = DeleteRequest()
        request.gracePeriodSeconds = options.gracePeriodSeconds
        request.propagationPolicy = options.propagationPolicy
        request.uid = options.uid
        request.resourceVersion = options.resourceVersion
        return try parse(try await server.delete(served, namespace: namespace, name: name, request, caller).bytes)
    }

    public func watch(
        _ resource: ResourceName, namespace: String?, _ options: ListOptions, resourceVersion: String
    ) async throws(StatusError) -> AsyncThrowingStream<WatchEvent, any Error> {
        let served = try resolve(resource, "watch", namespace, fields: options.fieldSelector)
        var request = Self.request(options)
        request.watch = true
        request.resourceVersion = resourceVersion
        let wakeUps = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let session = try WatchSession(server, served, namespace: namespace, request) { wakeUps.continuation.yield() }
        let pump = LocalWatch(session: session, wakeUps: wakeUps.stream.makeAsyncIterator())
        return AsyncThrowingStream { try await pump.next() }
    }
}

extension LocalClient: ScaleClient {
    private func resolve(_ target: ScaleTarget, _ verb: String) throws(StatusError) -> ServedResource {
        let found = server.registry.all.first {
            $0.kind == target.kind && $0.definition.group == target.group && $0.definition.subresource("scale") != nil
        }
        guard let definition = found?.definition else { throw target.noMatch }
        let name = ResourceName(definition.name, group: definition.group, version: definition.version)
        return try resolve(name, verb, target.namespace, target.name, "scale")
    }

    public func scale(of target: ScaleTarget) async throws(StatusError) -> Object {
        let resource = try resolve(target, "get")
        let object = try server.get(resource, namespace: target.namespace, name: target.name)
        return try parse(try APIServer.scale(of: object.bytes, resource.definition).encoded())
    }

    @discardableResult
    public func setScale(of target: ScaleTarget, _ scale: JSONValue) async throws(StatusError) -> Object {
        let resource = try resolve(target, "update")
        var options = options
        options.managedSubresource = "scale"
        let written = try await server.writeScale(
            resource, target.namespace, target.name, .value(scale), nil, caller, options)
        return try parse(written.encoded())
    }
}

/// Hands out one event at a time, taking more from the store when there are none left: nothing is queued twice.
///
/// `@unchecked Sendable`: only the one consumer of the stream calls `next`.
private final class LocalWatch: @unchecked Sendable {
    private let session: WatchSession
    private var wakeUps: AsyncStream<Void>.Iterator
    private var pending: ArraySlice<WatchEvent> = []
    private var ended: StatusError??

    init(session: WatchSession, wakeUps: AsyncStream<Void>.Iterator) {
        self.session = session
        self.wakeUps = wakeUps
        pending = session.initial.compactMap { (try? Object(parsing: $0.bytes)).map(WatchEvent.added) }[...]
    }

    deinit { session.cancel() }

    func next() async throws -> WatchEvent? {
        while true {
            if let event = pending.popFirst() { return event }
            if let ended {
                if let ended { throw ended }
                return nil
            }
            let (events, state) = session.drain()
            ended = state
            pending = events.compactMap(Self.event)[...]
            if !pending.isEmpty || ended != nil { continue }
            guard await wakeUps.next(isolation: nil) != nil, !Task.isCancelled else { return nil }
        }
    }

    private static func event(_ event: WatchSession.Event) -> WatchEvent? {
        guard let object = try? Object(parsing: event.bytes) else { return nil }
        switch event.kind {
        case .added: return .added(object)
        case .modified: return .modified(object)
        case .deleted: return .deleted(object)
        case .bookmark: return .bookmark(object.resourceVersion)
        }
    }
}
