internal import API
internal import Client
internal import JSON

/// A Deployment as one look of its controller sees it.
struct Deployment: Sendable {
    let object: Object

    init(_ object: Object) { self.object = object }

    var spec: JSONRef { object["spec"] }
    var status: JSONRef { object["status"] }
    var replicas: Int { spec["replicas"].int ?? 1 }
    var isPaused: Bool { spec["paused"].bool ?? false }
    var isRolling: Bool { !spec["strategy"]["type"].equals("Recreate") }
    var minReadySeconds: Int { spec["minReadySeconds"].int ?? 0 }
    var selector: LabelSelector { LabelSelector(spec["selector"]) }
    var revision: Int { object.annotation(Annotation.revision).flatMap { Int($0) } ?? 0 }

    /// Seconds a rollout may go without progress; nil: for ever.
    var progressDeadline: Int? { spec["progressDeadlineSeconds"].int.flatMap { $0 == Int(Int32.max) ? nil : $0 } }
    /// How many old ReplicaSets stay; nil: all.
    var historyLimit: Int? { spec["revisionHistoryLimit"].int.flatMap { $0 == Int(Int32.max) ? nil : $0 } }

    /// How many Pods there may be beyond the wanted number.
    var maxSurge: Int { isRolling ? bounds.surge : 0 }
    /// How many of the wanted Pods may be missing.
    var maxUnavailable: Int { isRolling && replicas > 0 ? min(bounds.unavailable, replicas) : 0 }

    /// Surge is rounded up and unavailability down; where both come to nothing, one Pod may be missing, or else no
    /// update could ever begin.
    private var bounds: (surge: Int, unavailable: Int) {
        let update = spec["strategy"]["rollingUpdate"]
        let surge = update["maxSurge"].scaled(of: replicas, roundUp: true) ?? 0
        let unavailable = update["maxUnavailable"].scaled(of: replicas, roundUp: false) ?? 0
        return (surge, surge == 0 && unavailable == 0 ? 1 : unavailable)
    }

    enum Annotation {
        static let revision = "deployment.kubernetes.io/revision"
        static let history = "deployment.kubernetes.io/revision-history"
        static let desired = "deployment.kubernetes.io/desired-replicas"
        static let maximum = "deployment.kubernetes.io/max-replicas"
        /// What a ReplicaSet does not take over from its Deployment.
        static let own: Set = [
            "kubectl.kubernetes.io/last-applied-configuration", revision, history, desired, maximum,
            "deprecated.deployment.rollback.to",
        ]
    }
    static let hashLabel = "pod-template-hash"
}

/// A ReplicaSet of a Deployment.
struct Replicas: Sendable {
    var object: Object

    init(_ object: Object) { self.object = object }

    var name: String { object.name }
    var uid: String { object.uid }
    /// How many it shall have.
    var replicas: Int { object["spec"]["replicas"].int ?? 0 }
    /// How many it has.
    var actual: Int { object["status"]["replicas"].int ?? 0 }
    var ready: Int { object["status"]["readyReplicas"].int ?? 0 }
    var available: Int { object["status"]["availableReplicas"].int ?? 0 }
    var terminating: Int { object["status"]["terminatingReplicas"].int ?? 0 }
    var revision: Int { object.annotation(Deployment.Annotation.revision).flatMap { Int($0) } ?? 0 }
    var desiredAnnotation: Int? { object.annotation(Deployment.Annotation.desired).flatMap { Int($0) } }
    var maximumAnnotation: Int? { object.annotation(Deployment.Annotation.maximum).flatMap { Int($0) } }

    /// The template as the Deployment has it: without the label that tells ReplicaSets apart.
    static func template(_ owner: Object) -> JSONValue {
        var template = owner["spec"]["template"].value
        template["metadata"]["labels"].remove(Deployment.hashLabel)
        return template.canonical
    }
}

/// The ReplicaSets of a Deployment: the one of its present template, and those of former ones.
struct ReplicaSets: Sendable {
    var new: Replicas?
    /// The oldest first.
    var old: [Replicas]

    /// Of several with the present template the oldest is the one, so that nobody's choice changes.
    init(_ all: [Object], of deployment: Deployment) {
        let template = Replicas.template(deployment.object)
        var old = all.sorted(by: Object.isOlder)
        let index = old.firstIndex { Replicas.template($0) == template }
        new = index.map { Replicas(old.remove(at: $0)) }
        self.old = old.map { Replicas($0) }
    }

    var all: [Replicas] { old + (new.map { [$0] } ?? []) }
    var active: [Replicas] { all.filter { $0.replicas > 0 } }
    var wanted: Int { all.reduce(0) { $0 + $1.replicas } }
    var actual: Int { all.reduce(0) { $0 + $1.actual } }
    var available: Int { all.reduce(0) { $0 + $1.available } }

    mutating func put(_ set: Replicas) {
        if new?.uid == set.uid { new = set }
        for index in old.indices where old[index].uid == set.uid { old[index] = set }
    }
}
