internal import API
internal import Client
internal import JSON

/// What the Job controller keeps of a Pod.
struct JobPod: Sendable {
    static let finalizer = "batch.kubernetes.io/job-tracking"
    static let indexKey = "batch.kubernetes.io/job-completion-index"
    static let failureCountKey = "batch.kubernetes.io/job-index-failure-count"

    let namespace: String, name: String, uid: String
    let owner: OwnerReference?
    let labels: [String: String]
    let created: String
    let phase: String
    let isBeingDeleted: Bool
    let isReady: Bool
    let isBound: Bool
    private(set) var isTracked: Bool
    let index: Int?
    /// How often Pods of its index failed before it.
    let indexFailures: Int
    /// Of all its containers.
    let restarts: Int
    /// When its last container ended, else when it was deleted.
    let finished: Time?
    /// What a failure policy looks at; only of failed Pods.
    let failure: Failure?

    struct Failure: Sendable {
        let exits: [(container: String, code: Int)]
        let conditions: [(type: String, status: String)]
    }

    /// Nil for Pods that no Job can own or take over.
    init?(_ pod: Object) {
        owner = pod.controllerReference
        let isTracked = pod.metadata["finalizers"].elements.contains { $0.equals(Self.finalizer) }
        if let owner, owner.kind != "Job", !isTracked { return nil }
        self.isTracked = isTracked
        (namespace, name, uid) = (pod.namespace, pod.name, pod.uid)
        labels = Dictionary(pod.metadata["labels"].members.map { ($0.key, $0.value.string ?? "") }) { $1 }
        created = pod.metadata["creationTimestamp"].string ?? ""
        let status = pod["status"]
        phase = status["phase"].string ?? "Pending"
        isBeingDeleted = pod.isBeingDeleted
        isReady = pod.condition("Ready")["status"].equals("True")
        isBound = !(pod["spec"]["nodeName"].string ?? "").isEmpty
        index = pod.annotation(Self.indexKey).flatMap { Int($0) }
        indexFailures = pod.annotation(Self.failureCountKey).flatMap { Int($0) } ?? 0
        let statuses = ["initContainerStatuses", "containerStatuses"].flatMap { Array(status[$0].elements) }
        restarts = statuses.reduce(0) { $0 + ($1["restartCount"].int ?? 0) }
        let ends = statuses.compactMap { $0["state"]["terminated"]["finishedAt"].string.flatMap { Time($0) } }
        finished = ends.max() ?? pod.metadata["deletionTimestamp"].string.flatMap { Time($0) }
        failure =
            phase != "Failed"
            ? nil
            : Failure(
                exits: statuses.compactMap { container in
                    container["state"]["terminated"]["exitCode"].int.map { (container["name"].string ?? "", $0) }
                },
                conditions: status["conditions"].elements.map {
                    ($0["type"].string ?? "", $0["status"].string ?? "")
                })
    }

    var key: String { namespace + "/" + name }
    /// The same without the finalizer.
    var untracked: JobPod {
        var copy = self
        copy.isTracked = false
        return copy
    }
    var isTerminal: Bool { phase == "Succeeded" || phase == "Failed" }
    var isActive: Bool { !isTerminal && !isBeingDeleted }
}

/// How a Job counts a failed Pod.
/// https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
enum FailureVerdict: Equatable {
    case count, ignore, failIndex
    case failJob(message: String)

    /// The first rule that fits decides.
    init(_ pod: JobPod, _ job: Object) {
        self = .count
        guard let failure = pod.failure else { return }
        for (number, rule) in job["spec"]["podFailurePolicy"]["rules"].elements.enumerated() {
            guard let found = Self.match(rule, failure, pod) else { continue }
            switch rule["action"].string {
            case "Ignore": self = .ignore
            // Without limits of their own, indexes cannot fail.
            case "FailIndex": self = job["spec"]["backoffLimitPerIndex"].int == nil ? .count : .failIndex
            case "FailJob": self = .failJob(message: "\(found) matching FailJob rule at index \(number)")
            default: break
            }
            return
        }
    }

    /// What it was that fitted.
    private static func match(_ rule: JSONRef, _ failure: JobPod.Failure, _ pod: JobPod) -> String? {
        let wanted = rule["onExitCodes"]
        if wanted.exists, !wanted.isNull {
            let container = wanted["containerName"].string
            let values = Set(wanted["values"].elements.compactMap(\.int))
            let isIn = wanted["operator"].equals("In")
            return failure.exits.first { exit in
                exit.code != 0 && (container == nil || container == exit.container)
                    && values.contains(exit.code) == isIn
            }.map { "Container \($0.container) for pod \(pod.key) failed with exit code \($0.code)" }
        }
        for pattern in rule["onPodConditions"].elements {
            let status = pattern["status"].string ?? "True"
            if let type = pattern["type"].string,
                failure.conditions.contains(where: { $0.type == type && $0.status == status })
            {
                return "Pod \(pod.key) has condition \(type)"
            }
        }
        return nil
    }
}
