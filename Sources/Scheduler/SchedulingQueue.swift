internal import Client

/// The pods that wait for a node, each in one of three places: *active* (to be tried now; by priority, then in the order
/// of arrival), *backing off* (to be tried when its time has come), or *unschedulable* (until a node has changed for it).
struct SchedulingQueue: Sendable {
    private enum Place {
        case active(ticket: Int)
        case backingOff(until: Double)
        case unschedulable
        /// Being bound.
        case inFlight
    }
    private struct Entry {
        var pod: PodInfo
        var place: Place
        var attempts = 0
        var lastFailure = 0.0
    }
    private struct Ticket {
        let number: Int
        let priority: Int
        let key: String
    }
    /// Unschedulable pods that are alike, and why they are.
    struct Group: Sendable {
        fileprivate(set) var keys: Set<String>
        let reason: Unschedulable
        /// `Cache.generation` when that was found out.
        let generation: Int
    }
    private var entries: [String: Entry] = [:]
    /// Both heaps may hold outdated elements, told by the entry's place.
    private var active = Heap<Ticket> { a, b in
        a.priority != b.priority ? a.priority > b.priority : a.number < b.number
    }
    private var backingOff = Heap<(until: Double, key: String)> { $0.until < $1.until }
    private(set) var groups: [Demand.Signature: Group] = [:]
    private var lastTicket = 0
    /// A second after the first failure, ten at most.
    private let backoff = Backoff(initial: 1, maximum: 10)

    var count: Int { entries.count }

    /// A pod to place is new or changed.
    mutating func update(_ pod: PodInfo, now: Double) {
        guard var entry = entries[pod.key], entry.pod.uid == pod.uid else {
            remove(pod.key)
            return activate(Entry(pod: pod, place: .unschedulable))
        }
        let isSame = entry.pod.demand?.signature == pod.demand?.signature && entry.pod.priority == pod.priority
        if !isSame { leaveGroup(entry.pod) }
        entry.pod = pod
        entries[pod.key] = entry
        if isSame { return }
        switch entry.place {
        case .active: activate(entry)
        case .unschedulable: retry(entry, now: now)
        case .backingOff, .inFlight: break
        }
    }

    mutating func remove(_ key: String) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        leaveGroup(entry.pod)
    }

    /// The next pod to try; it is in flight from now on.
    mutating func pop() -> PodInfo? {
        while let ticket = active.popFirst() {
            guard var entry = entries[ticket.key], case .active(ticket.number) = entry.place else { continue }
            entry.place = .inFlight
            entry.attempts += 1
            entries[ticket.key] = entry
            return entry.pod
        }
        return nil
    }

    /// No node would take the pod. With the `generation` of nobody (-1) the next of its kind is looked at by itself.
    mutating func setUnschedulable(_ pod: PodInfo, _ reason: Unschedulable, generation: Int, now: Double) {
        guard let signature = pod.demand?.signature, var entry = entries[pod.key] else { return }
        entry.place = .unschedulable
        entry.lastFailure = now
        entries[pod.key] = entry
        if groups[signature]?.generation == generation {
            groups[signature]?.keys.insert(pod.key)
        } else {
            let keys = groups[signature]?.keys ?? []
            groups[signature] = Group(keys: keys.union([pod.key]), reason: reason, generation: generation)
        }
    }

    /// Something went wrong that trying again may mend.
    mutating func retryLater(_ pod: PodInfo, now: Double) {
        guard var entry = entries[pod.key], entry.pod.uid == pod.uid else { return }
        entry.lastFailure = now
        retry(entry, now: now)
    }

    /// Something changed. Pods of which `mayFit` says so are tried again.
    mutating func move(now: Double, where mayFit: (PodInfo, Unschedulable) -> Bool) {
        for (signature, group) in groups {
            guard let key = group.keys.first, let entry = entries[key], mayFit(entry.pod, group.reason) else {
                continue
            }
            groups[signature] = nil
            for key in group.keys { if let entry = entries[key] { retry(entry, now: now) } }
        }
    }

    /// When a pod stops backing off; nil when none does.
    var nextDue: Double? {
        mutating get {
            while let first = backingOff.first {
                if case .backingOff(first.until) = entries[first.key]?.place { return first.until }
                _ = backingOff.popFirst()
            }
            return nil
        }
    }

    mutating func activateDue(now: Double) {
        while let due = nextDue, due <= now, let key = backingOff.popFirst()?.key {
            if let entry = entries[key] { activate(entry) }
        }
    }

    var hasActive: Bool { !active.isEmpty }

    private mutating func retry(_ entry: Entry, now: Double) {
        let until = entry.lastFailure + backoff.delay(afterFailures: entry.attempts - 1)
        if until <= now { return activate(entry) }
        var entry = entry
        entry.place = .backingOff(until: until)
        entries[entry.pod.key] = entry
        backingOff.insert((until, entry.pod.key))
    }

    private mutating func activate(_ entry: Entry) {
        var entry = entry
        lastTicket += 1
        entry.place = .active(ticket: lastTicket)
        entries[entry.pod.key] = entry
        active.insert(Ticket(number: lastTicket, priority: entry.pod.priority, key: entry.pod.key))
    }

    private mutating func leaveGroup(_ pod: PodInfo) {
        guard let signature = pod.demand?.signature, groups[signature] != nil else { return }
        groups[signature]?.keys.remove(pod.key)
        if groups[signature]?.keys.isEmpty == true { groups[signature] = nil }
    }
}
