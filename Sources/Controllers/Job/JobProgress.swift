internal import API
internal import Client
internal import JSON

/// Where a Job stands, counted from its status and its Pods: the decisions, without the acts.
struct JobProgress {
    let job: Object
    let pods: [JobPod]
    /// The status to be.
    var status: JSONValue

    let isIndexed: Bool
    let isSuspended: Bool
    let parallelism: Int
    let completions: Int?
    /// Pods on their way out are not replaced before they ended.
    let replacesFailedOnly: Bool
    /// Of Pods whose finalizer is to go: each is in the status now.
    private(set) var accounted: [JobPod] = []
    private(set) var completed = Indexes()
    private(set) var failed = Indexes()
    private(set) var succeededCount = 0
    private(set) var failedCount = 0
    private(set) var failJob: String?
    /// Pods that were counted as failed just now.
    private(set) var newFailures: [JobPod] = []
    private(set) var hasNewSuccess = false
    private let verdicts: [String: FailureVerdict]

    init(_ job: Object, _ pods: [JobPod]) {
        (self.job, self.pods, status) = (job, pods, job["status"].value)
        let spec = job["spec"]
        isIndexed = spec["completionMode"].equals("Indexed")
        isSuspended = spec["suspend"].bool == true
        parallelism = spec["parallelism"].int ?? 1
        completions = spec["completions"].int
        replacesFailedOnly =
            spec["podReplacementPolicy"].equals("Failed")
            || spec["podFailurePolicy"].exists && !spec["podFailurePolicy"].isNull
        verdicts = Dictionary(
            pods.filter { $0.failure != nil }.map { ($0.uid, FailureVerdict($0, job)) }, uniquingKeysWith: { $1 })
        count()
    }

    var active: [JobPod] { pods.filter(\.isActive) }
    var terminating: [JobPod] { pods.filter { $0.isBeingDeleted && !$0.isTerminal } }

    /// FailureTarget or SuccessCriteriaMet, once decided.
    var target: JSONValue? {
        status["conditions"].array?.first {
            ["FailureTarget", "SuccessCriteriaMet"].contains($0["type"].string) && $0["status"] == "True"
        }
    }

    /// Whether the Pod counts as failed already.
    private func isFailed(_ pod: JobPod) -> Bool {
        pod.phase == "Failed" || pod.phase != "Succeeded" && pod.isBeingDeleted && !replacesFailedOnly
    }

    /// Each Pod is counted once: first its uid goes into the status, then its finalizer goes, then its uid becomes part of the
    /// count (KEP-2307).
    private mutating func count() {
        let tracked = Set(pods.filter(\.isTracked).map(\.uid))
        var uncounted: [String: [String]] = [:]
        for kind in ["succeeded", "failed"] {
            let known = (status["uncountedTerminatedPods"][kind].array ?? []).compactMap(\.string)
            let through = known.filter { !tracked.contains($0) }
            if !through.isEmpty { status[kind] = .int((status[kind].int ?? 0) + through.count) }
            uncounted[kind] = known.filter(tracked.contains)
        }
        let limit = completions ?? .max
        if isIndexed {
            completed = Indexes(status["completedIndexes"].string ?? "", below: limit)
            failed = Indexes(status["failedIndexes"].string ?? "", below: limit)
        }
        var (newCompleted, newFailed): ([Int], [Int]) = ([], [])
        for pod in pods where pod.isTracked {
            let isListed =
                uncounted["succeeded"]?.contains(pod.uid) == true || uncounted["failed"]?.contains(pod.uid) == true
            if pod.phase == "Succeeded" {
                accounted.append(pod)
                if isListed { continue }
                if isIndexed {
                    // The index itself says that it is counted.
                    if let index = pod.index, index < limit, !completed.contains(index), !failed.contains(index) {
                        newCompleted.append(index)
                        hasNewSuccess = true
                    }
                } else {
                    uncounted["succeeded", default: []].append(pod.uid)
                    hasNewSuccess = true
                }
            } else if isFailed(pod) {
                let verdict = verdicts[pod.uid] ?? .count
                if case .failJob(let message) = verdict, failJob == nil { failJob = message }
                accounted.append(pod)
                if isListed || verdict == .ignore { continue }
                uncounted["failed", default: []].append(pod.uid)
                newFailures.append(pod)
                if let index = pod.index, index < limit, fails(index: index, pod, verdict) { newFailed.append(index) }
            }
        }
        if isIndexed {
            completed = completed.union(newCompleted)
            failed = failed.union(newFailed.filter { !completed.contains($0) })
            set("completedIndexes", completed)
            if job["spec"]["backoffLimitPerIndex"].int != nil { set("failedIndexes", failed) }
            status["succeeded"] = .int(completed.count)
        }
        succeededCount =
            isIndexed ? completed.count : (status["succeeded"].int ?? 0) + (uncounted["succeeded"] ?? []).count
        failedCount = (status["failed"].int ?? 0) + (uncounted["failed"] ?? []).count
        status["uncountedTerminatedPods"] = [:]
        for (kind, uids) in uncounted where !uids.isEmpty {
            status["uncountedTerminatedPods"][kind] = .array(uids.map { .string($0) })
        }
    }

    private mutating func set(_ field: String, _ indexes: Indexes) {
        if indexes.isEmpty { status.remove(field) } else { status[field] = .string(indexes.description) }
    }

    private func fails(index: Int, _ pod: JobPod, _ verdict: FailureVerdict) -> Bool {
        guard let limit = job["spec"]["backoffLimitPerIndex"].int else { return false }
        return verdict == .failIndex || pod.indexFailures >= limit
    }

    /// Nothing is left to be counted before the Job may be called finished.
    var isAccounted: Bool { status["uncountedTerminatedPods"].isEmptyContainer }

    // MARK: Whether it is over

    /// The condition that ends the Job, if it is to end: FailureTarget or SuccessCriteriaMet.
    func decide(uptimeOfActivity seconds: Double?) -> Condition? {
        func failure(_ reason: String, _ message: String) -> Condition {
            Condition("FailureTarget", true, reason: reason, message: message)
        }
        let spec = job["spec"]
        if let failJob { return failure("PodFailurePolicy", failJob) }
        let limit = spec["backoffLimit"].int ?? 6
        if failedCount > limit || isPastLimitByRestarts(limit) {
            return failure("BackoffLimitExceeded", "Job has reached the specified backoff limit")
        }
        if !isSuspended, let deadline = spec["activeDeadlineSeconds"].int, let seconds, seconds >= Double(deadline) {
            return failure("DeadlineExceeded", "Job was active longer than specified deadline")
        }
        if isIndexed, spec["backoffLimitPerIndex"].int != nil {
            if let most = spec["maxFailedIndexes"].int, failed.count > most {
                return failure(
                    "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes")
            }
            if let completions, !failed.isEmpty, failed.count + completed.count >= completions {
                return failure("FailedIndexes", "Job has failed indexes")
            }
        }
        func success(_ reason: String, _ message: String) -> Condition {
            Condition("SuccessCriteriaMet", true, reason: reason, message: message)
        }
        if let rule = matchedSuccessRule { return success("SuccessPolicy", "Matched rules at index \(rule)") }
        let isComplete =
            completions.map { succeededCount >= $0 && active.isEmpty } ?? (succeededCount > 0 && active.isEmpty)
        return isComplete
            ? success("CompletionsReached", "Reached expected number of succeeded pods") : nil
    }

    /// With restartPolicy OnFailure it is containers that fail, not Pods.
    private func isPastLimitByRestarts(_ limit: Int) -> Bool {
        guard job["spec"]["template"]["spec"]["restartPolicy"].equals("OnFailure") else { return false }
        let restarts = active.reduce(0) { $0 + $1.restarts }
        return limit == 0 ? restarts > 0 : restarts >= limit
    }

    private var matchedSuccessRule: Int? {
        guard isIndexed, let completions else { return nil }
        for (number, rule) in job["spec"]["successPolicy"]["rules"].elements.enumerated() {
            let wanted = rule["succeededIndexes"].string.map { Indexes($0, below: completions) }
            let count = wanted.map { completed.countCommon(with: $0) } ?? completed.count
            if let needed = rule["succeededCount"].int ?? wanted?.count, count >= needed { return number }
        }
        return nil
    }

    // MARK: Which Pods it should have

    /// Pods that are too many.
    var superfluous: [JobPod] {
        var excess: [JobPod] = []
        var rest = active
        if isIndexed {
            // One Pod for an index, the one that got furthest.
            var seen: Set<Int> = []
            rest = rest.sorted { Self.isWorthMore($0, $1) }.filter { pod in
                let isWanted =
                    pod.index.map {
                        $0 < completions ?? .max && !completed.contains($0) && !failed.contains($0)
                            && seen.insert($0).inserted
                    }
                    ?? false
                if !isWanted { excess.append(pod) }
                return isWanted
            }
        }
        let surplus = rest.count - wantedActive(running: rest.count)
        if surplus > 0 { excess += rest.sorted { Self.isWorthMore($1, $0) }.prefix(surplus) }
        return excess
    }

    /// How many Pods should be active.
    func wantedActive(running: Int) -> Int {
        if isSuspended { return 0 }
        guard let completions else { return succeededCount > 0 ? min(running, parallelism) : parallelism }
        return max(0, min(parallelism, completions - succeededCount - (isIndexed ? failed.count : 0)))
    }

    private static func isWorthMore(_ a: JobPod, _ b: JobPod) -> Bool {
        func rank(_ pod: JobPod) -> Int {
            (pod.isReady ? 4 : 0) + (pod.phase == "Running" ? 2 : 0) + (pod.isBound ? 1 : 0)
        }
        return (rank(a), b.created, b.name) > (rank(b), a.created, a.name)
    }

    /// How many Pods are missing, when these are gone.
    func missing(without removed: Set<String>) -> Int {
        let running = active.filter { !removed.contains($0.uid) }.count
        let leaving = replacesFailedOnly ? terminating.count + removed.count : 0
        return max(0, wantedActive(running: running) - running - leaving)
    }

    /// The lowest indexes that nobody works on.
    func freeIndexes(without removed: Set<String>) -> [Int] {
        guard let completions else { return [] }
        let busy = Set(
            pods.filter {
                $0.isActive && !removed.contains($0.uid) || replacesFailedOnly && $0.isBeingDeleted && !$0.isTerminal
            }
            .compactMap(\.index))
        return (0..<completions).filter { !completed.contains($0) && !failed.contains($0) && !busy.contains($0) }
    }

    /// The newest failed Pod of an index, which says how often it failed.
    func lastFailure(of index: Int) -> JobPod? {
        pods.filter { $0.index == index && isFailed($0) }.max { $0.indexFailures < $1.indexFailures }
    }

    /// Seconds to wait before Pods that failed are replaced: 10, 20, 40, up to 600 since the newest failure, counted from the
    /// last success on.
    func backoff(now: Time) -> Double {
        let success = pods.filter { $0.phase == "Succeeded" }.compactMap(\.finished).max()
        let failures = pods.filter { isFailed($0) && verdicts[$0.uid] != .ignore }.compactMap(\.finished).filter {
            failure in
            success.map { failure > $0 } ?? true
        }
        return Self.delay(failures.count, since: failures.max(), now: now)
    }

    /// The same for one index.
    func backoff(of index: Int, now: Time) -> Double {
        guard let last = lastFailure(of: index) else { return 0 }
        return Self.delay(failures(before: index), since: last.finished, now: now)
    }

    private static func delay(_ failures: Int, since: Time?, now: Time) -> Double {
        guard failures > 0, let since else { return 0 }
        return max(0, Backoff(initial: 10, maximum: 600).delay(afterFailures: failures - 1) - (now - since))
    }

    /// How many failures of an index its next Pod starts with: those that were ignored do not count.
    func failures(before index: Int) -> Int {
        guard let last = lastFailure(of: index) else { return 0 }
        return last.indexFailures + (verdicts[last.uid] == .ignore ? 0 : 1)
    }
}
