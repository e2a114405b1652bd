internal import API
internal import JSON

struct WebhookConfigurationStrategy: Strategy {
    var needsRevision: Bool { true }

    func warnings(_ object: JSONValue, old: JSONValue?, _ context: WriteContext) -> [String] {
        (object["webhooks"].array ?? []).filter { !($0["matchConditions"].array ?? []).isEmpty }.map { webhook in
            "\(webhook["name"].string ?? ""): this server does not evaluate matchConditions; "
                + "the webhook is treated as one that fails (failurePolicy: \(webhook["failurePolicy"].string ?? "Fail"))"
        }
    }
}
