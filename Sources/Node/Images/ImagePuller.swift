internal import API
internal import Client
internal import Runtime

/// An image that a container needs.
struct ImageRequest: Sendable {
    let image: String
    /// Always, IfNotPresent or Never.
    let policy: String
    let podUID: String
    let container: String
    let attempt: UInt32
    /// Credentials for its registry, asked for when it is pulled.
    let credentials: @Sendable () async -> [AuthConfig]
    /// Type, reason, message.
    let event: @Sendable (EventType, String, String) -> Void
    /// Called when a pull has ended.
    let changed: @Sendable () -> Void
}

enum ImageState: Sendable {
    case present(Image)
    case pulling
    case waiting(PodPlan.Waiting, until: Time?)
}

/// Brings images to the node: by policy, each image once at a time, after failures with growing delays.
/// https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy
actor ImagePuller {
    private struct Owner: Hashable {
        let podUID: String
        let container: String
        let attempt: UInt32
    }
    private enum Attempt {
        case pulling
        case pulled(String)
    }
    private struct Failure {
        var failures: Int
        var retryAt: Time
        var message: String
        var reason: String
        var isTold = false
    }
    private struct Target: Hashable {
        let podUID: String
        let image: String
    }
    private struct Pull {
        let task: Task<Image, any Error>
        let started: ContinuousClock.Instant
    }
    private let driver: any RuntimeDriver
    private var attempts: [Owner: Attempt] = [:]
    private var failures: [Target: Failure] = [:]
    private var pulls: [String: Pull] = [:]
    private let backoff = Backoff(initial: 10, maximum: 300)

    init(_ driver: any RuntimeDriver) { self.driver = driver }

    func require(_ request: ImageRequest) async throws -> ImageState {
        let owner = Owner(podUID: request.podUID, container: request.container, attempt: request.attempt)
        if case .pulling = attempts[owner] { return .pulling }
        guard isImageName(request.image) else {
            let message =
                "Failed to apply default image tag \"\(request.image)\": couldn't parse image name \"\(request.image)\": "
                + "invalid reference format"
            request.event(.warning, "InspectFailed", message)
            request.event(.warning, "Failed", "Error: InvalidImageName")
            return .waiting(.init(reason: "InvalidImageName", message: message), until: nil)
        }
        let present = try await driver.imageStatus(ImageSpec(request.image))
        if let present {
            if case .pulled = attempts[owner] { return .present(present) }
            if request.policy != "Always" {
                request.event(
                    .normal, "Pulled", "Container image \"\(request.image)\" already present on machine")
                return .present(present)
            }
        } else if request.policy == "Never" {
            let message = "Container image \"\(request.image)\" is not present with pull policy of Never"
            request.event(.warning, "ErrImageNeverPull", message)
            request.event(.warning, "Failed", "Error: ErrImageNeverPull")
            return .waiting(.init(reason: "ErrImageNeverPull", message: message), until: nil)
        }
        let target = Target(podUID: request.podUID, image: request.image)
        if var failure = failures[target], Time.now < failure.retryAt {
            if !failure.isTold {
                // The failure itself is shown once, then the waiting for the next attempt.
                failure.isTold = true
                failures[target] = failure
                return .waiting(
                    .init(reason: failure.reason, message: failure.message), until: Time.now.adding(seconds: 1))
            }
            request.event(.normal, "BackOff", "Back-off pulling image \"\(request.image)\"")
            request.event(.warning, "Failed", "Error: ImagePullBackOff")
            return .waiting(
                .init(
                    reason: "ImagePullBackOff",
                    message: "Back-off pulling image \"\(request.image)\": \(failure.reason): \(failure.message)"),
                until: failure.retryAt)
        }
        attempts[owner] = .pulling
        Task { await self.pull(request, owner, target) }
        return .pulling
    }

    /// The pod is gone.
    func forget(podUID: String) {
        attempts = attempts.filter { $0.key.podUID != podUID }
        failures = failures.filter { $0.key.podUID != podUID }
    }

    private func pull(_ request: ImageRequest, _ owner: Owner, _ target: Target) async {
        let asked = ContinuousClock.now
        request.event(.normal, "Pulling", "Pulling image \"\(request.image)\"")
        do {
            let pull = pulls[request.image] ?? start(request)
            let image = try await pull.task.value
            let now = ContinuousClock.now
            attempts[owner] = .pulled(image.id)
            failures[target] = nil
            request.event(
                .normal, "Pulled",
                "Successfully pulled image \"\(request.image)\" in \(goSeconds(now - max(pull.started, asked))) "
                    + "(\(goSeconds(now - asked)) including waiting). Image size: \(image.size) bytes.")
        } catch {
            attempts[owner] = nil
            let count = (failures[target]?.failures ?? 0) + 1
            // containerd says it in words alone.
            let reason = "ErrImagePull"
            failures[target] = Failure(
                failures: count, retryAt: .now.adding(seconds: backoff.delay(afterFailures: count - 1)),
                message: "\(error)", reason: reason)
            request.event(.warning, "Failed", "Failed to pull image \"\(request.image)\": \(error)")
            request.event(.warning, "Failed", "Error: \(reason)")
        }
        request.changed()
    }

    private func start(_ request: ImageRequest) -> Pull {
        let driver = driver
        let task = Task {
            let spec = ImageSpec(request.image)
            var failure: (any Error)?
            for auth in await request.credentials().map(Optional.some) + [nil] {
                do {
                    _ = try await driver.pullImage(spec, auth: auth, sandboxConfig: nil)
                    guard let image = try await driver.imageStatus(spec) else {
                        throw RuntimeError(.notFound, "the image is not there after it was pulled")
                    }
                    return image
                } catch {
                    failure = failure ?? error
                }
            }
            throw failure ?? RuntimeError(.unknown, "no attempt was made")
        }
        let pull = Pull(task: task, started: .now)
        pulls[request.image] = pull
        Task {
            _ = await task.result
            self.ended(request.image)
        }
        return pull
    }

    private func ended(_ image: String) { pulls[image] = nil }
}

/// A duration as Go prints it, to milliseconds: `1.234s`, `56ms`.
func goSeconds(_ duration: Duration) -> String {
    let milliseconds = Int((duration / .milliseconds(1)).rounded())
    if milliseconds < 1000 { return "\(milliseconds)ms" }
    if milliseconds >= 60_000 {
        return "\(milliseconds / 60_000)m" + goFraction(milliseconds % 60_000) + "s"
    }
    return goFraction(milliseconds) + "s"
}

private func goFraction(_ milliseconds: Int) -> String {
    var text = "\(milliseconds / 1000)"
    let rest = milliseconds % 1000
    if rest > 0 {
        var digits = String(1000 + rest).dropFirst()
        while digits.last == "0" { digits = digits.dropLast() }
        text += "." + digits
    }
    return text
}
