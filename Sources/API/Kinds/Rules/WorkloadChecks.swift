internal import JSON

// Checks of the kinds that make Pods from a template (apps/v1).
extension Kinds {
    static let workloadChecks: [String: Check] = [
        "apps.v1.DeploymentSpec": { spec, path, errors in
            checkSelector(spec, kind: "deployment", path, &errors)
            checkAlwaysRunning(spec["template"], path["template"], &errors)
            if let deadline = spec["progressDeadlineSeconds"].int, deadline <= spec["minReadySeconds"].int ?? 0 {
                errors.append(
                    .invalid(path["progressDeadlineSeconds"], .int(deadline), "must be greater than minReadySeconds"))
            }
        },
        "apps.v1.DeploymentStrategy": { strategy, path, errors in
            switch strategy["type"].text {
            case "Recreate":
                if strategy.given("rollingUpdate") {
                    errors.append(
                        .forbidden(path["rollingUpdate"], "may not be specified when strategy `type` is 'Recreate'"))
                }
            case "RollingUpdate": break
            default: errors.append(.notSupported(path, strategy["type"], ["Recreate", "RollingUpdate"]))
            }
        },
        "apps.v1.RollingUpdateDeployment": { update, path, errors in
            errors.numberOrPercent(update["maxUnavailable"], path["maxUnavailable"], atMostAll: true)
            errors.numberOrPercent(update["maxSurge"], path["maxSurge"])
            if isZero(update["maxUnavailable"]), isZero(update["maxSurge"]) {
                errors.append(
                    .invalid(path["maxUnavailable"], update["maxUnavailable"], "may not be 0 when `maxSurge` is 0"))
            }
        },
        "apps.v1.ReplicaSetSpec": { spec, path, errors in
            checkSelector(spec, kind: "deployment", path, &errors)
            checkAlwaysRunning(spec["template"], path["template"], &errors)
        },
        "apps.v1.DaemonSetSpec": { spec, path, errors in
            checkSelector(spec, kind: "daemonset", path, &errors)
            checkAlwaysRunning(spec["template"], path["template"], &errors)
        },
        "apps.v1.DaemonSetUpdateStrategy": { strategy, path, errors in
            if !["OnDelete", "RollingUpdate"].contains(strategy["type"].text) {
                errors.append(.notSupported(path, strategy["type"], ["RollingUpdate", "OnDelete"]))
            }
        },
        "apps.v1.RollingUpdateDaemonSet": { update, path, errors in
            errors.numberOrPercent(update["maxUnavailable"], path["maxUnavailable"], atMostAll: true)
            errors.numberOrPercent(update["maxSurge"], path["maxSurge"], atMostAll: true)
            switch (isZero(update["maxUnavailable"]), isZero(update["maxSurge"])) {
            case (false, false):
                errors.append(
                    .invalid(path["maxSurge"], update["maxSurge"], "may not be set when maxUnavailable is non-zero"))
            case (true, true): errors.append(.required(path["maxUnavailable"], "cannot be 0 when maxSurge is 0"))
            default: break
            }
        },
        "apps.v1.StatefulSetSpec": { spec, path, errors in
            checkSelector(spec, kind: "statefulset", path, &errors)
            checkAlwaysRunning(spec["template"], path["template"], &errors)
            if !["OrderedReady", "Parallel"].contains(spec["podManagementPolicy"].text) {
                errors.append(
                    .invalid(
                        path["podManagementPolicy"], spec["podManagementPolicy"], "must be 'OrderedReady' or 'Parallel'"
                    ))
            }
            if let name = spec["serviceName"].string, !name.isEmpty {
                errors.check(.dns1123Label, .string(name), path["serviceName"])
            }
            // The claims made from templates are volumes of the Pods.
            let claims = spec["volumeClaimTemplates"].items.map {
                FieldError.notFound(FieldPath(), $0["metadata"]["name"]).message
            }
            let prefix = path["template"]["spec"].description
            errors.removeAll {
                $0.reason == .notFound && $0.field.hasPrefix(prefix) && $0.field.hasSuffix("].name")
                    && claims.contains($0.message)
            }
        },
        "apps.v1.StatefulSetUpdateStrategy": { strategy, path, errors in
            switch strategy["type"].text {
            case "OnDelete":
                if strategy.given("rollingUpdate") {
                    errors.append(
                        .invalid(
                            path["rollingUpdate"], strategy["rollingUpdate"],
                            "only allowed for updateStrategy 'RollingUpdate'"))
                }
            case "RollingUpdate":
                let unavailable = strategy["rollingUpdate"]["maxUnavailable"]
                let path = path["rollingUpdate"]["maxUnavailable"]
                errors.numberOrPercent(unavailable, path, atMostAll: true)
                if isZero(unavailable) { errors.append(.invalid(path, unavailable, "cannot be 0")) }
            default: errors.append(.invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'"))
            }
        },
    ]

    static let workloadUpdateChecks: [String: UpdateCheck] = [
        "apps.v1.StatefulSetSpec": { new, old, path, errors in
            var allowed = old
            for field in [
                "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
                "persistentVolumeClaimRetentionPolicy",
                "minReadySeconds",
            ] {
                if new.has(field) { allowed[field] = new[field] } else { allowed.remove(field) }
            }
            if new != allowed {
                errors.append(
                    .forbidden(
                        path,
                        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
                    ))
            }
        },
        "batch.v1.JobSpec": { new, old, path, errors in
            var fields = [
                "selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy",
            ]
            // An indexed Job may be resized; a suspended one may get another template (checked by the Job's strategy).
            if new["completionMode"] != "Indexed" || new["completions"] != new["parallelism"] {
                fields.append("completions")
            }
            if old["suspend"] != true { fields.append("template") }
            for field in fields where new[field] != old[field] {
                errors.append(.invalid(path[field], new[field], "field is immutable"))
            }
        },
    ]

    /// The selector must choose something, and among it the Pods of the template.
    private static func checkSelector(_ spec: JSONValue, kind: String, _ path: FieldPath, _ errors: inout [FieldError])
    {
        let selector = spec["selector"]
        if !selector.isNull, isEmptySelector(selector) {
            errors.append(.invalid(path["selector"], selector, "empty selector is invalid for \(kind)"))
        } else if !matches(selector, spec["template"]["metadata"]["labels"]) {
            errors.append(
                .invalid(
                    path["template"]["metadata"]["labels"], spec["template"]["metadata"]["labels"],
                    "`selector` does not match template `labels`"))
        }
    }

    /// Pods that are replaced when they end never end by themselves.
    static func checkAlwaysRunning(_ template: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let spec = template["spec"]
        if spec["restartPolicy"] != "Always" {
            errors.append(.notSupported(path["spec"]["restartPolicy"], spec["restartPolicy"], ["Always"]))
        }
        if spec.given("activeDeadlineSeconds") {
            errors.append(
                .forbidden(path["spec"]["activeDeadlineSeconds"], "activeDeadlineSeconds is not supported here"))
        }
    }
}
