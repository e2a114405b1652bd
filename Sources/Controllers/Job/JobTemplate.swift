internal import API
internal import Client
internal import JSON

/// The Pods that a Job makes.
enum JobTemplate {
    /// How long a generated name's beginning may be.
    private static let prefixLength = 58

    /// `index` and how often it failed before; nil of a Job without indexes.
    static func pod(_ job: Object, index: Int?, failures: Int = 0) -> JSONValue {
        let template = job["spec"]["template"]
        var metadata: JSONValue = [:]
        for field in ["labels", "annotations", "finalizers"] where !template["metadata"][field].isNull {
            metadata[field] = template["metadata"][field].value
        }
        metadata["namespace"] = .string(job.namespace)
        metadata["ownerReferences"] = [OwnerReference(controller: job).value]
        metadata["finalizers"] = .array((metadata["finalizers"].array ?? []) + [.string(JobPod.finalizer)])
        var spec = template["spec"].value
        var ending = "-"
        if let index {
            ending = "-\(index)-"
            metadata["labels"][JobPod.indexKey] = .string("\(index)")
            metadata["annotations"][JobPod.indexKey] = .string("\(index)")
            if job["spec"]["backoffLimitPerIndex"].int != nil {
                metadata["annotations"][JobPod.failureCountKey] = .string("\(failures)")
            }
            // An address for each: JOB-INDEX.SUBDOMAIN.
            if (spec["hostname"].string ?? "").isEmpty {
                spec["hostname"] = .string(String("\(job.name)-\(index)".prefix(63)))
            }
            for list in ["initContainers", "containers"] {
                for number in (spec[list].array ?? []).indices { tell(&spec[list][number]) }
            }
        }
        metadata["generateName"] = .string(job.name.prefix(prefixLength - ending.utf8.count) + ending)
        return ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec]
    }

    private static func tell(_ container: inout JSONValue) {
        let variables = container["env"].array ?? []
        if variables.contains(where: { $0["name"] == "JOB_COMPLETION_INDEX" }) { return }
        container["env"] = .array(
            variables + [
                [
                    "name": "JOB_COMPLETION_INDEX",
                    "valueFrom": [
                        "fieldRef": [
                            "apiVersion": "v1", "fieldPath": .string("metadata.labels['\(JobPod.indexKey)']"),
                        ]
                    ],
                ]
            ])
    }
}
