internal import Glibc
internal import JSON

// Checks of batch/v1.
extension Kinds {
    static let jobChecks: [String: Check] = [
        "batch.v1.Job": { job, path, errors in
            let spec = job["spec"]
            guard let selector = spec["selector"].object else {
                errors.append(.required(path["spec"]["selector"]))
                return
            }
            let labels = spec["template"]["metadata"]["labels"]
            let path = path["spec"]
            if !matches(.object(selector), labels) {
                errors.append(
                    .invalid(
                        path["template"]["metadata"]["labels"], labels,
                        "`selector` does not match template `labels`"))
            }
            if spec["manualSelector"] == true { return }
            // The labels that the server has made, unless the template brought others of their names.
            var expected = JSONValue.object([:])
            for (name, value) in [("controller-uid", "uid"), ("job-name", "name")] {
                for label in ["batch.kubernetes.io/" + name, name] {
                    expected[label] = job["metadata"][value]
                    if labels[label] != expected[label] {
                        errors.append(
                            .invalid(
                                path["template"]["metadata"]["labels"].entry(label), labels,
                                "must be '\(expected[label].text)'"))
                    }
                }
            }
            if !matches(.object(selector), expected) {
                errors.append(.invalid(path["selector"], .object(selector), "`selector` not auto-generated"))
            }
        },
        "batch.v1.JobSpec": checkJob,
        "batch.v1.PodFailurePolicyRule": { rule, path, errors in
            let conditions = rule["onPodConditions"].items
            if conditions.count > 20 { errors.append(.tooMany(path["onPodConditions"], conditions.count, maximum: 20)) }
            if rule.given("onExitCodes"), !conditions.isEmpty {
                errors.append(.invalid(path, rule, "specifying both OnExitCodes and OnPodConditions is not supported"))
            } else if !rule.given("onExitCodes"), conditions.isEmpty {
                errors.append(.invalid(path, rule, "specifying one of OnExitCodes and OnPodConditions is required"))
            }
        },
        "batch.v1.PodFailurePolicyOnExitCodesRequirement": { requirement, path, errors in
            let (values, path) = (requirement["values"].items.map { $0.int ?? 0 }, path["values"])
            if values.isEmpty {
                errors.append(.invalid(path, requirement["values"], "at least one value is required"))
            }
            if values.count > 255 { errors.append(.tooMany(path, values.count, maximum: 255)) }
            var seen: Set<Int> = []
            for (index, value) in values.enumerated() {
                if !seen.insert(value).inserted { errors.append(.duplicate(path[index], .int(value))) }
                if requirement["operator"] == "In", value == 0 {
                    errors.append(.invalid(path[index], .int(value), "must not be 0 for the In operator"))
                }
            }
            if values != values.sorted() {
                errors.append(.invalid(path, requirement["values"], "must be ordered"))
            }
        },
        "batch.v1.SuccessPolicyRule": { rule, path, errors in
            if !rule.given("succeededCount"), !rule.given("succeededIndexes") {
                errors.append(.required(path, "at least one of succeededCount or succeededIndexes must be specified"))
            }
            if let count = rule["succeededCount"].int, count <= 0 {
                errors.append(
                    .invalid(path["succeededCount"], .int(count), "must be greater than zero"))
            }
        },
        "batch.v1.CronJobSpec": { spec, path, errors in
            if let schedule = spec["schedule"].string, !schedule.isEmpty {
                if schedule.contains("TZ") {
                    errors.append(
                        .invalid(
                            path["schedule"], spec["schedule"],
                            "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"))
                } else {
                    do throws(CronSchedule.Problem) { _ = try CronSchedule(schedule) } catch {
                        errors.append(.invalid(path["schedule"], spec["schedule"], error.description))
                    }
                }
            }
            let (template, place) = (spec["jobTemplate"]["spec"], path["jobTemplate"]["spec"])
            if template.given("selector") {
                errors.append(.invalid(place["selector"], template["selector"], "`selector` will be auto-generated"))
            }
            if template["manualSelector"] == true {
                errors.append(.notSupported(place["manualSelector"], true, ["nil", "false"]))
            }
            if spec.has("timeZone") { checkTimeZone(spec["timeZone"], path["timeZone"], &errors) }
        },
        "batch.v1.CronJob": { job, path, errors in
            if job["metadata"]["name"].text.utf8.count > 52 {
                errors.append(
                    .invalid(path["metadata"]["name"], job["metadata"]["name"], "must be no more than 52 characters"))
            }
        },
    ]

    private static func checkJob(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if spec["completionMode"] == "Indexed" {
            if !spec.given("completions") {
                errors.append(.required(path["completions"], "when completion mode is Indexed"))
            }
            if let parallelism = spec["parallelism"].int, parallelism > 100_000 {
                errors.append(
                    .invalid(
                        path["parallelism"], .int(parallelism),
                        "must be less than or equal to 100000 when completion mode is Indexed"))
            }
        } else {
            for field in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"] where spec.given(field) {
                errors.append(.invalid(path[field], spec[field], "requires indexed completion mode"))
            }
        }
        if spec.given("maxFailedIndexes"), !spec.given("backoffLimitPerIndex") {
            errors.append(.required(path["backoffLimitPerIndex"], "when maxFailedIndexes is specified"))
        }
        if let limit = spec["maxFailedIndexes"].int, let completions = spec["completions"].int, limit > completions {
            errors.append(
                .invalid(path["maxFailedIndexes"], .int(limit), "must be less than or equal to completions"))
        }
        errors.check(.domainPath, spec["managedBy"], path["managedBy"])
        if spec["managedBy"].text.utf8.count > 63 { errors.append(.tooLong(path["managedBy"], maximum: 63)) }
        checkFailures(spec, path["podFailurePolicy"]["rules"], &errors)
        let rules = spec["successPolicy"]["rules"].items
        if rules.count > 20 { errors.append(.tooMany(path["successPolicy"]["rules"], rules.count, maximum: 20)) }
        if spec.given("podFailurePolicy"), spec["podReplacementPolicy"] == "TerminatingOrFailed" {
            errors.append(.notSupported(path["podReplacementPolicy"], spec["podReplacementPolicy"], ["Failed"]))
        }
        let policy = spec["template"]["spec"]["restartPolicy"]
        let policyPath = path["template"]["spec"]["restartPolicy"]
        switch policy.text {
        case "Always": errors.append(.required(policyPath, "valid values: \"OnFailure\", \"Never\""))
        case "OnFailure":
            if spec.given("podFailurePolicy") {
                errors.append(
                    .invalid(policyPath, policy, "only \"Never\" is supported when podFailurePolicy is specified"))
            }
        case "Never": break
        default: errors.append(.notSupported(policyPath, policy, ["OnFailure", "Never"]))
        }
    }

    private static func checkFailures(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let rules = spec["podFailurePolicy"]["rules"].items
        if rules.count > 20 { errors.append(.tooMany(path, rules.count, maximum: 20)) }
        let names = ["containers", "initContainers"].flatMap {
            spec["template"]["spec"][$0].items.map { $0["name"].text }
        }
        for (index, rule) in rules.enumerated() {
            if rule["action"] == "FailIndex", !spec.given("backoffLimitPerIndex") {
                errors.append(.invalid(path[index]["action"], rule["action"], "requires the backoffLimitPerIndex"))
            }
            let name = rule["onExitCodes"]["containerName"]
            if let text = name.string, !names.contains(text) {
                errors.append(
                    .invalid(
                        path[index]["onExitCodes"]["containerName"], name,
                        "must be one of the container or initContainer names in the pod template"))
            }
        }
    }

    /// A name of the tz database, as this machine has it; without the database any name that looks like one will do.
    private static func checkTimeZone(_ zone: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let name = zone.text
        let database = "/usr/share/zoneinfo"
        if name.isEmpty {
            errors.append(.invalid(path, zone, "timeZone must be nil or non-empty string"))
        } else if name.lowercased() == "local" {
            errors.append(
                .invalid(
                    path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"))
        } else if name.hasPrefix("/") || name.contains("..") || name.contains("\\")
            || (access(database, F_OK) == 0 && name != "UTC" && access("\(database)/\(name)", F_OK) != 0)
        {
            errors.append(.invalid(path, zone, "unknown time zone \(name)"))
        }
    }
}
