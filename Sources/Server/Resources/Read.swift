internal import API
internal import JSON
internal import Store
internal import TLS

/// Where a list continues: the revision of its first page and the last key of the page before.
struct ContinueToken {
    let revision: Int64
    let after: String

    init(revision: Int64, after: String) { (self.revision, self.after) = (revision, after) }

    init(_ text: String) throws(StatusError) {
        guard let bytes = Base64.decodeURL(text), let root = try? JSONDocument(bytes).root,
            let revision = root["rv"].int,
            let after = root["after"].string, revision > 0
        else {
            throw .badRequest("continue key is not valid: begin the list again")
        }
        (self.revision, self.after) = (Int64(revision), after)
    }

    var text: String {
        let value: JSONValue = ["rv": .int(Int(revision)), "after": .string(after)]
        return Base64.encodeURL(value.encoded())
    }
}

extension APIServer {
    func get(_ resource: ServedResource, namespace: String?, name: String) throws(StatusError) -> StoredObject {
        guard let object = store.get(resource.storeName, resource.key(namespace, name)) else {
            throw .notFound(resource.definition, name)
        }
        return object
    }

    /// What a list request selects, at one revision.
    func snapshot(_ resource: ServedResource, namespace: String?, _ list: ListRequest) throws(StatusError) -> Snapshot {
        let prefix = resource.definition.isNamespaced ? namespace.map { $0 + "/" } ?? "" : ""
        var at: Int64?
        var after: String?
        if let text = list.continuation {
            let token = try ContinueToken(text)
            (at, after) = (token.revision, token.after)
        } else if let revision = try list.revision() {
            switch list.resourceVersionMatch {
            case "Exact":
                if revision == 0 {
                    throw Self.invalidList(
                        "resourceVersionMatch", "Exact",
                        "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")
                }
                at = revision
            case "", "NotOlderThan":
                if revision > store.revision {
                    throw Self.status(of: .tooLargeRevision(current: store.revision), resource, "")
                }
            default:
                throw Self.invalidList(
                    "resourceVersionMatch", list.resourceVersionMatch, "supported values: \"Exact\", \"NotOlderThan\"")
            }
        } else if !list.resourceVersionMatch.isEmpty, !list.watch {
            throw Self.invalidList(
                "resourceVersionMatch", list.resourceVersionMatch,
                "resourceVersionMatch is forbidden unless resourceVersion is provided")
        }
        do {
            return try store.list(
                resource.storeName, prefix: prefix, after: after, limit: list.limit, at: at,
                matching: list.selects ? { list.matches($0) } : nil)
        } catch .compacted where list.continuation != nil {
            throw .expired(
                "The provided continue parameter is too old to display a consistent list result. Begin the list again.")
        } catch {
            throw Self.status(of: error, resource, "")
        }
    }

    static func invalidList(_ field: String, _ value: String, _ detail: String) -> StatusError {
        .invalid(
            kind: "ListOptions", group: "meta.k8s.io", "", [.forbidden(FieldPath(field), detail)])
    }
}

/// A watch of one resource as one client sees it: events of the store, selected and turned into what happened to the selection.
final class WatchSession: Sendable {
    enum Kind: String {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
    }
    struct Event {
        let kind: Kind
        let object: StoredObject
        /// Set when the object is sent as it was before the change that took it out of the selection.
        var revision: Int64?

        var bytes: [UInt8] { revision.map { ObjectEncoder.bytes(of: object, atRevision: $0) } ?? object.bytes }
    }

    private let watcher: Watcher
    private let list: ListRequest
    /// What was there when the watch began, for clients that did not say from where.
    let initial: [StoredObject]
    let sendsInitialEvents: Bool

    init(
        _ server: APIServer, _ resource: ServedResource, namespace: String?, _ list: ListRequest,
        wake: @escaping @Sendable () -> Void
    ) throws(StatusError) {
        self.list = list
        let prefix = resource.definition.isNamespaced ? namespace.map { $0 + "/" } ?? "" : ""
        let revision = try list.revision()
        if list.sendInitialEvents != nil, list.resourceVersionMatch != "NotOlderThan" {
            throw APIServer.invalidList(
                "resourceVersionMatch", list.resourceVersionMatch,
                "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
        }
        if list.sendInitialEvents == nil, !list.resourceVersionMatch.isEmpty {
            throw APIServer.invalidList(
                "resourceVersionMatch", list.resourceVersionMatch,
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
        }
        var from: Int64?
        sendsInitialEvents = list.sendInitialEvents ?? (revision == nil || revision == 0)
        if sendsInitialEvents {
            let snapshot: Snapshot
            do {
                snapshot = try server.store.list(
                    resource.storeName, prefix: prefix, matching: list.selects ? { list.matches($0) } : nil)
            } catch { throw APIServer.status(of: error, resource, "") }
            initial = snapshot.objects
            from = snapshot.revision
        } else {
            initial = []
            from = revision == 0 ? nil : revision
        }
        do {
            watcher = try server.store.watch(resource.storeName, prefix: prefix, from: from, wake: wake)
        } catch {
            throw APIServer.status(of: error, resource, "")
        }
    }

    /// Everything up to here was delivered.
    var revision: Int64 { watcher.revision }

    /// What happened since the last call. `ended` says why there will be no more; nil inside: the server is shutting down.
    func drain() -> (events: [Event], ended: StatusError??) {
        var raw: [StoreEvent] = []
        let state = watcher.drain(into: &raw)
        let events = list.selects ? raw.compactMap(select) : raw.map(plain)
        switch state {
        case .open: return (events, nil)
        case .overflowed:
            return (
                events, .some(.expired("the watch fell behind: list again and continue from the new resourceVersion"))
            )
        case .closed: return (events, .some(nil))
        }
    }

    func cancel() { watcher.cancel() }

    /// Also of an answer that nobody asked the body of (HEAD).
    deinit { watcher.cancel() }

    private func plain(_ event: StoreEvent) -> Event {
        switch event.kind {
        case .put: Event(kind: event.previous == nil ? .added : .modified, object: event.object)
        case .delete: Event(kind: .deleted, object: event.object)
        }
    }

    /// Labels and fields change: an object may enter or leave the selection without being created or deleted.
    private func select(_ event: StoreEvent) -> Event? {
        let wasSelected = event.previous.map(list.matches) ?? false
        if event.kind == .delete {
            return wasSelected || list.matches(event.object) ? Event(kind: .deleted, object: event.object) : nil
        }
        switch (wasSelected, list.matches(event.object)) {
        case (false, true): return Event(kind: .added, object: event.object)
        case (true, true): return Event(kind: .modified, object: event.object)
        case (true, false):
            return event.previous.map { Event(kind: .deleted, object: $0, revision: event.revision) }
        case (false, false): return nil
        }
    }
}
