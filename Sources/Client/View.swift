public import API

/// A shared copy of a resource as one reader sees it: each value is made anew from the object whenever somebody asks, so
/// that a reader more costs no memory.
public final class View<Value: Sendable>: Followed {
    private let copy: Reflector<Object>
    private let transform: @Sendable (Object) -> Value?

    /// `transform` says what the reader needs of an object; those for which it is nil are not there.
    public init(_ copy: Reflector<Object>, transform: @escaping @Sendable (Object) -> Value?) {
        (self.copy, self.transform) = (copy, transform)
    }

    /// The value under `namespace/name`, or the name of an object of the cluster.
    public subscript(_ key: String) -> Value? { copy[key].flatMap(transform) }
    /// Everything, as it is now: the cost is that of all objects.
    public var snapshot: [String: Value] { copy.snapshot.compactMapValues(transform) }

    /// As `Reflector.onChange`: register before `run`.
    public func onChange(_ handler: @escaping @Sendable (Reflector<Value>.Change) -> Void) {
        copy.onChange { [transform] change in
            let (old, new) = (change.old.flatMap(transform), change.new.flatMap(transform))
            if old != nil || new != nil { handler(.init(key: change.key, old: old, new: new)) }
        }
    }

    public func run() async { await copy.run() }
    public func waitForSync() async { await copy.waitForSync() }
}
