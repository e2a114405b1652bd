internal import JSON

// Checks of resource.k8s.io/v1 (https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/).
extension Kinds {
    static let deviceChecks: [String: Check] = [
        "resource.v1.DeviceClaim": { claim, path, errors in
            let requests = claim["requests"].items
            var names: Set<String> = []
            checkSize(requests.count, 32, path["requests"], &errors)
            for (index, request) in requests.enumerated() {
                if !names.insert(request["name"].text).inserted {
                    errors.append(.duplicate(path["requests"][index], request["name"]))
                }
                for sub in request["firstAvailable"].items {
                    names.insert(request["name"].text + "/" + sub["name"].text)
                }
            }
            for list in ["constraints", "config"] {
                checkSize(claim[list].items.count, 32, path[list], &errors)
                for (index, item) in claim[list].items.enumerated() {
                    let path = path[list][index]["requests"]
                    var seen: Set<String> = []
                    for (position, name) in item["requests"].items.enumerated() {
                        if !names.contains(name.text) {
                            errors.append(
                                .invalid(
                                    path[position], name,
                                    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
                                ))
                        }
                        if !seen.insert(name.text).inserted { errors.append(.duplicate(path[position], name)) }
                    }
                }
            }
        },
        "resource.v1.DeviceConstraint": { constraint, path, errors in
            if !constraint.given("matchAttribute"), !constraint.given("distinctAttribute") {
                errors.append(.required(path, "exactly one of matchAttribute or distinctAttribute is required"))
            }
            for field in ["matchAttribute", "distinctAttribute"] where constraint.given(field) {
                checkQualified(constraint[field], path[field], &errors)
            }
        },
        "resource.v1.DeviceRequest": { request, path, errors in
            checkLabel(request["name"], path["name"], &errors)
            switch (request.given("exactly"), request["firstAvailable"].items.isEmpty) {
            case (false, true):
                errors.append(.required(path, "exactly one of `exactly` or `firstAvailable` is required"))
            case (true, false):
                errors.append(
                    .invalid(
                        path, .null,
                        "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set"))
            default: break
            }
            checkSize(request["firstAvailable"].items.count, 8, path["firstAvailable"], &errors)
            var names: Set<String> = []
            for (index, sub) in request["firstAvailable"].items.enumerated()
            where !names.insert(sub["name"].text).inserted {
                errors.append(.duplicate(path["firstAvailable"][index], sub["name"]))
            }
        },
        "resource.v1.ExactDeviceRequest": checkRequest,
        "resource.v1.DeviceSubRequest": { request, path, errors in
            checkLabel(request["name"], path["name"], &errors)
            checkRequest(request, path, &errors)
        },
        "resource.v1.DeviceSelector": { selector, path, errors in
            if !selector.given("cel") { errors.append(.required(path["cel"])) }
        },
        "resource.v1.CELDeviceSelector": { selector, path, errors in
            if selector["expression"].text.utf8.count > 10240 {
                errors.append(.tooLong(path["expression"], maximum: 10240))
            }
        },
        "resource.v1.DeviceClaimConfiguration": checkOpaque,
        "resource.v1.DeviceClassConfiguration": checkOpaque,
        "resource.v1.OpaqueDeviceConfiguration": { configuration, path, errors in
            if !configuration["driver"].text.isEmpty { checkDriver(configuration["driver"], path["driver"], &errors) }
            let parameters = configuration["parameters"]
            if parameters.isNull {
                errors.append(.required(path["parameters"]))
            } else if parameters.object == nil {
                errors.append(.invalid(path["parameters"], "<value omitted>", "must be a valid JSON object"))
            }
        },
        "resource.v1.DeviceToleration": { toleration, path, errors in
            let key = toleration["key"].text
            if !key.isEmpty { errors.check(.qualifiedName, .string(key), path["key"]) }
            if key.isEmpty, toleration["operator"] != "Exists" {
                errors.append(.required(path["key"]))
            }
            if toleration["operator"] == "Exists" {
                if !toleration["value"].text.isEmpty {
                    errors.append(
                        .invalid(path["value"], toleration["value"], "must be empty for operator `Exists`"))
                }
            } else {
                errors.check(.labelValue, toleration["value"], path["value"])
            }
            if !toleration["effect"].text.isEmpty {
                errors.check(
                    toleration["effect"], isOneOf: ["NoExecute", "NoSchedule", "None"], path["effect"])
            }
        },
        "resource.v1.DeviceClassSpec": { spec, path, errors in
            for list in ["selectors", "config"] { checkSize(spec[list].items.count, 32, path[list], &errors) }
        },
        "resource.v1.ResourceSliceSpec": { spec, path, errors in
            if !spec["driver"].text.isEmpty { checkDriver(spec["driver"], path["driver"], &errors) }
            let pool = spec["pool"]["name"].text
            if !pool.isEmpty {
                if pool.utf8.count > 253 { errors.append(.tooLong(path["pool"]["name"], maximum: 253)) }
                for part in pool.split(separator: "/", omittingEmptySubsequences: false) {
                    errors.check(.dns1123Subdomain, .string(String(part)), path["pool"]["name"])
                }
            }
            let placed = ["nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"].filter {
                spec.given($0) && spec[$0] != false
            }
            let words = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
            if placed.isEmpty { errors.append(.required(path, words)) }
            if placed.count > 1 { errors.append(.invalid(path, .string(placed.joined(separator: ", ")), words)) }
            errors.check(.dns1123Subdomain, spec["nodeName"], path["nodeName"])
            checkSize(spec["devices"].items.count, 128, path["devices"], &errors)
            var names: Set<String> = []
            for (index, device) in spec["devices"].items.enumerated() {
                checkLabel(device["name"], path["devices"][index]["name"], &errors)
                if !names.insert(device["name"].text).inserted {
                    errors.append(.duplicate(path["devices"][index], device["name"]))
                }
            }
        },
        "resource.v1.DeviceAttribute": { attribute, path, errors in
            let given = ["bool", "bools", "int", "ints", "string", "strings", "version", "versions"].filter(
                attribute.given)
            if given.isEmpty { errors.append(.required(path, "exactly one value must be specified")) }
            if given.count > 1 { errors.append(.invalid(path, attribute, "exactly one value must be specified")) }
            for field in ["string", "version"] where attribute[field].text.utf8.count > 64 {
                errors.append(.tooLong(path[field], maximum: 64))
            }
        },
        "resource.v1.ResourcePool": { pool, path, errors in
            if let generation = pool["generation"].int, generation < 0 {
                errors.append(
                    .invalid(path["generation"], .int(generation), "must be greater than or equal to zero"))
            }
            let count = pool["resourceSliceCount"].int ?? 0
            if count <= 0 {
                errors.append(.invalid(path["resourceSliceCount"], .int(count), "must be greater than zero"))
            }
        },
    ]

    private static func checkSize(_ count: Int, _ maximum: Int, _ path: FieldPath, _ errors: inout [FieldError]) {
        if count > maximum { errors.append(.tooMany(path, count, maximum: maximum)) }
    }

    private static func checkLabel(_ name: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if !name.text.isEmpty { errors.check(.dns1123Label, name, path) }
    }

    private static func checkRequest(_ request: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if let name = request["deviceClassName"].string, !name.isEmpty {
            errors.check(.dns1123Subdomain, .string(name), path["deviceClassName"])
        }
        checkSize(request["selectors"].items.count, 32, path["selectors"], &errors)
        checkSize(request["tolerations"].items.count, 16, path["tolerations"], &errors)
        let count = request["count"].int ?? 0
        if request["allocationMode"] == "All", count != 0 {
            errors.append(
                .invalid(path["count"], .int(count), "must not be specified when allocationMode is 'All'"))
        } else if request["allocationMode"] == "ExactCount", count <= 0 {
            errors.append(.invalid(path["count"], .int(count), "must be greater than zero"))
        }
    }

    private static func checkOpaque(_ value: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if !value.given("opaque") { errors.append(.required(path["opaque"])) }
    }

    /// `domain/ID`, the ID being one of C.
    private static func checkQualified(_ name: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let (domain, id) = name.text.splitOnce("/")
        if !name.text.contains("/") || domain.isEmpty || id.isEmpty {
            errors.append(.invalid(path, name, "must include a domain"))
            return
        }
        errors.check(.dns1123Subdomain, .string(String(domain)), path)
        if id.utf8.count > 32 { errors.append(.tooLong(path, maximum: 32)) }
        let isRight =
            id.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0 & 0xdf) || $0 == 95 }
            && !(48...57).contains(id.utf8.first ?? 48)
        if !isRight { errors.append(.invalid(path, name, "must be a valid C identifier")) }
    }
}
