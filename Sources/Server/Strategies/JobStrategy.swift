internal import API
internal import JSON

/// Jobs choose their Pods by a label that no other Job has, unless they bring a selector of their own.
struct JobStrategy: Strategy {
    var orphansDependents: Bool { true }

    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        guard object["spec"]["manualSelector"] != true else { return }
        let uid = object["metadata"]["uid"]
        let name = object["metadata"]["name"]
        var labels = object["spec"]["template"]["metadata"]["labels"].object ?? [:]
        // Labels that are there already make the Job invalid below, when they are somebody else's.
        for (key, value) in [("controller-uid", uid), ("job-name", name)] {
            for label in ["batch.kubernetes.io/" + key, key] where labels[label] == nil { labels[label] = value }
        }
        object["spec"]["template"]["metadata"]["labels"] = .object(labels)
        var selector = object["spec"]["selector"]
        selector["matchLabels"]["batch.kubernetes.io/controller-uid"] = uid
        object["spec"]["selector"] = selector
        if (object["metadata"]["labels"].object ?? [:]).isEmpty { object["metadata"]["labels"] = .object(labels) }
    }
}
