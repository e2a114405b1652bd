internal import API
internal import Client
internal import JSON
internal import Synchronization

extension MemoryAPI {
    func check(_ verb: String, _ key: Key, _ subresource: String? = nil) throws(StatusError) {
        let name = (key.namespace.isEmpty ? "" : key.namespace + "/") + key.name
        let rules = state.withLock { state in
            if !["get", "list", "watch"].contains(verb) {
                let resource = key.resource.plural + (subresource.map { "/" + $0 } ?? "")
                state.calls.append("\(verb) \(resource) \(name)")
            }
            return state.refusals
        }
        for rule in rules { if let refusal = rule(verb, key.resource, name) { throw refusal } }
    }

    func read(_ key: Key) throws(StatusError) -> Object {
        guard let object = state.withLock({ $0.objects[key] }) else {
            throw .notFound(group: key.resource.group, resource: key.resource.plural, key.name)
        }
        return object
    }

    func stamp(_ object: inout JSONValue, _ key: Key) {
        let count = state.withLock { $0.revision }
        if object["metadata"]["uid"].string == nil { object["metadata"]["uid"] = .string("uid-\(count + 1)") }
        if object["metadata"]["creationTimestamp"].string == nil {
            object["metadata"]["creationTimestamp"] = .string(time.now.description)
        }
        if key.resource == .namespaces, !object.has("spec") { object["spec"] = ["finalizers": ["kubernetes"]] }
    }

    /// An update: a deleted object without finalizers is gone. A subresource changes its part alone.
    func replace(_ key: Key, _ old: Object, _ object: JSONValue, _ subresource: String?) -> Object {
        var new = object
        switch subresource {
        case "status":
            new = old.value
            new["status"] = object["status"]
            // As with the real one, annotations and labels may come along.
            for field in ["annotations", "labels"] where object["metadata"].has(field) {
                new["metadata"][field] = object["metadata"][field]
            }
        case "finalize":
            new = old.value
            new["spec"]["finalizers"] = object["spec"]["finalizers"]
        default: break
        }
        new["metadata"]["uid"] = .string(old.uid)
        var unversioned = old.value
        unversioned["metadata"].remove("resourceVersion")
        new["metadata"].remove("resourceVersion")
        if unversioned == new { return old }
        if old.isBeingDeleted, new["metadata"]["finalizers"].array?.isEmpty ?? true,
            new["spec"]["finalizers"].array?.isEmpty ?? true, key.resource != .pods
        {
            remove(key, old)
            return old
        }
        return write(key, new)
    }

    @discardableResult
    func write(_ key: Key, _ value: JSONValue) -> Object {
        let object = state.withLock { state in
            state.revision += 1
            var value = value
            value["metadata"]["resourceVersion"] = .string(String(state.revision))
            // Text that the writer made parses.
            guard let object = try? Object(parsing: value.encoded()) else { preconditionFailure() }
            let event: WatchEvent = state.objects[key] == nil ? .added(object) : .modified(object)
            state.objects[key] = object
            state.publish(event, key)
            return object
        }
        wakeWaiters()
        return object
    }

    func remove(_ key: Key, _ old: Object) {
        state.withLock { state in
            state.revision += 1
            var value = old.value
            value["metadata"]["resourceVersion"] = .string(String(state.revision))
            guard let object = try? Object(parsing: value.encoded()) else { preconditionFailure() }
            state.objects[key] = nil
            state.publish(.deleted(object), key)
        }
        wakeWaiters()
    }

    func wakeWaiters() {
        // Tests read the state, so they run outside the lock; when something was written meanwhile, they run again.
        while true {
            let (waiters, seen) = state.withLock { state in
                defer { state.waiters = [] }
                return (state.waiters, state.moment)
            }
            var waiting: [Waiter] = []
            for waiter in waiters {
                if waiter.test(self) { waiter.continuation.resume() } else { waiting.append(waiter) }
            }
            let isUnchanged = state.withLock { state in
                state.waiters += waiting
                return state.moment == seen || waiting.isEmpty
            }
            if isUnchanged { return }
        }
    }
}

extension MemoryAPI.State {
    /// Grows with whatever a waiter may wait for.
    var moment: Int { revision + nextWatch + calls.count }

    mutating func publish(_ event: WatchEvent, _ key: MemoryAPI.Key) {
        history.append((revision, key, event))
        // Not by `onTermination`: that runs inside the reader's cancellation, and would wait for the lock held here.
        watches.removeAll { !$0.send(event, key) }
    }
}

extension MemoryAPI.Watch {
    /// Returns whether somebody listens still.
    @discardableResult
    func send(_ event: WatchEvent, _ key: MemoryAPI.Key) -> Bool {
        guard key.resource == resource, namespace == nil || key.namespace == namespace else { return true }
        switch event {
        case .added(let object), .modified(let object), .deleted(let object):
            if !options.matches(object) { return true }
        case .bookmark: break
        }
        if case .terminated = continuation.yield(event) { return false }
        return true
    }
}

extension ListOptions {
    func matches(_ object: Object) -> Bool {
        labelSelector.matches(object.label)
            && fieldSelector.matches { field in
                field.split(separator: ".").reduce(object.root) { $0[String($1)] }.string ?? ""
            }
    }
}

extension JSONValue {
    mutating func addFinalizer(_ name: String) {
        var list = self["metadata"]["finalizers"].array ?? []
        if !list.contains(.string(name)) { list.append(.string(name)) }
        self["metadata"]["finalizers"] = .array(list)
    }
}
