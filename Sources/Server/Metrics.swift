internal import Store

extension APIServer {
    /// Prometheus text: what the store holds.
    func metrics() -> String {
        var text = """
            # HELP apiserver_storage_objects Number of stored objects by resource.
            # TYPE apiserver_storage_objects gauge

            """
        for resource in store.resources().sorted() {
            text += "apiserver_storage_objects{resource=\"\(resource)\"} \(store.count(resource))\n"
        }
        text += """
            # HELP segler_store_revision Newest revision of the store.
            # TYPE segler_store_revision counter
            segler_store_revision \(store.revision)
            # HELP segler_component_refusals_total What parts of Segler asked for that their roles do not allow.
            # TYPE segler_component_refusals_total counter

            """
        for (asked, count) in refusals {
            text +=
                "segler_component_refusals_total{user=\"\(asked.user)\",verb=\"\(asked.verb)\",group=\"\(asked.group)\",resource=\"\(asked.resource)\"} \(count)\n"
        }
        return text
    }
}
