/// An occurrence as it is told to a `Recorder`.
struct Occurrence: Sendable {
    struct Kind: Hashable {
        let object: ObjectReference
        let type: EventType
        let reason: String
    }
    let kind: Kind
    let message: String
    /// Microseconds since 1970.
    let at: Int
}

/// Decides which occurrences become Events and which only count one up (client-go's `EventCorrelator`):
/// - An object may cause 25 events at once and one more every five minutes; the rest is dropped.
/// - After ten different messages of one reason within ten minutes, further ones are counted on one combined event.
/// - The same message again is counted on the event that says it.
struct EventCorrelator {
    enum Decision: Equatable {
        case create(message: String)
        case count(name: String, count: Int, message: String)
        case drop
    }

    static let burst = 25.0
    static let tokensPerSecond = 1.0 / 300
    static let combineAbove = 10
    static let window = 600.0
    /// How many objects and messages are remembered; beyond that the memory starts afresh.
    static let capacity = 4096
    static let combinedPrefix = "(combined from similar events): "

    private struct Bucket {
        var tokens: Double
        var at: Double
    }
    private struct Similar {
        var messages: Set<String> = []
        var at: Double
    }
    struct Written: Hashable {
        let kind: Occurrence.Kind
        /// Empty for the combined event.
        let message: String
    }
    private var buckets: [ObjectReference: Bucket] = [:]
    private var similar: [Occurrence.Kind: Similar] = [:]
    private var written: [Written: (name: String, count: Int)] = [:]

    /// Where the last decision's event is remembered.
    static func key(_ occurrence: Occurrence, message: String) -> Written {
        Written(kind: occurrence.kind.unversioned, message: message.hasPrefix(combinedPrefix) ? "" : message)
    }

    mutating func decide(_ occurrence: Occurrence, uptime: Double) -> Decision {
        let kind = occurrence.kind.unversioned
        if buckets.count >= Self.capacity { buckets = [:] }
        if similar.count >= Self.capacity { similar = [:] }
        var source = kind.object
        source.fieldPath = ""
        var bucket = buckets[source] ?? Bucket(tokens: Self.burst, at: uptime)
        bucket.tokens = min(Self.burst, bucket.tokens + (uptime - bucket.at) * Self.tokensPerSecond)
        bucket.at = uptime
        let isAllowed = bucket.tokens >= 1
        if isAllowed { bucket.tokens -= 1 }
        buckets[source] = bucket
        guard isAllowed else { return .drop }

        var recent = similar[kind] ?? Similar(at: uptime)
        if uptime - recent.at > Self.window { recent.messages = [] }
        recent.at = uptime
        if recent.messages.count < Self.combineAbove { recent.messages.insert(occurrence.message) }
        let isCombined = recent.messages.count >= Self.combineAbove
        similar[kind] = recent
        let message = isCombined ? Self.combinedPrefix + occurrence.message : occurrence.message
        guard let event = written[Self.key(occurrence, message: message)] else { return .create(message: message) }
        return .count(name: event.name, count: event.count + 1, message: message)
    }

    mutating func remember(_ occurrence: Occurrence, message: String, name: String, count: Int) {
        if written.count >= Self.capacity { written = [:] }
        written[Self.key(occurrence, message: message)] = (name, count)
    }
}

extension Occurrence.Kind {
    /// The same event whatever version of the object it is about.
    fileprivate var unversioned: Self {
        var object = object
        object.resourceVersion = ""
        return Self(object: object, type: type, reason: reason)
    }
}
