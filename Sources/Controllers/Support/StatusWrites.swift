internal import API
internal import Client
internal import JSON

extension ObjectClient {
    /// Writes the status of an object that was read before; not when it says so already. `copy` hears of the answer.
    /// Refused (409) when the object changed since; see `Reconciler.lookingAgain`. Gone objects need no status.
    func updateStatus(
        _ resource: ResourceName, _ object: Object, _ copy: Reflector<Object>? = nil,
        _ edit: (inout JSONValue) -> Void
    ) async throws(StatusError) {
        var value = object.value
        let before = value
        edit(&value)
        guard value != before else { return }
        do throws(StatusError) {
            let answer = try await update(
                resource, namespace: object.namespace, name: object.name, subresource: "status", value)
            copy?.note(answer)
        } catch {
            if error.code != 404 { throw error }
        }
    }
}

extension Reconciler {
    /// A write that was refused because the object is newer than the copy needs no second try by the clock: the change that
    /// came in between brings its own look, as all that is written here is also watched.
    func lookingAgain(
        _ reconcile: () async throws(StatusError) -> ReconcileResult
    ) async throws(StatusError) -> ReconcileResult {
        do throws(StatusError) {
            return try await reconcile()
        } catch {
            if error.reason == "Conflict" { return .done }
            throw error
        }
    }
}
