import API
import Client
import ClientTesting
import JSON
import Synchronization
import Testing

private struct Closure: Reconciler {
    let body: @Sendable (String) async throws -> ReconcileResult
    func reconcile(_ key: String) async throws -> ReconcileResult { try await body(key) }
}

@Suite struct ControllerTests {
    let time = ManualTime()

    @Test func aFailureIsTriedAgainLaterAndSuccessForgetsIt() async {
        let queue = WorkQueue<String>(time: time)
        let attempts = Mutex(0)
        let controller = Controller(
            "test", queue,
            Closure { _ in
                if attempts.withLock({
                    $0 += 1
                    return $0
                }) < 3 {
                    throw StatusError.unavailable("no")
                }
                queue.shutDown()
                return .done
            })
        queue.add("a")
        let run = Task { await controller.run() }
        await time.waitForSleeper(until: 0.005)
        time.advance(seconds: 0.005)
        await time.waitForSleeper(until: 0.015)
        time.advance(seconds: 0.01)
        await run.value
        #expect(attempts.withLock { $0 } == 3)
        #expect(queue.failures("a") == 0)
    }

    @Test func aReconcilerMayAskToBeCalledAgain() async {
        let queue = WorkQueue<String>(time: time)
        let calls = Mutex<[Double]>([])
        let controller = Controller(
            "test", queue,
            Closure { [time] _ in
                calls.withLock { $0.append(time.uptime) }
                if time.uptime > 0 { queue.shutDown() }
                return .requeue(after: 30)
            })
        queue.add("a")
        let run = Task { await controller.run() }
        await time.waitForSleeper(until: 30)
        time.advance(seconds: 30)
        await run.value
        #expect(calls.withLock { $0 } == [0, 30])
    }

    @Test func conditionsKeepTheTimeOfTheirLastTransition() throws {
        var pod: JSONValue = ["status": ["conditions": [["type": "Other", "status": "True"]]]]
        let first = Time(secondsSince1970: 0)
        let later = Time(secondsSince1970: 60)
        let changes = [
            pod.setCondition(Condition("Ready", false, reason: "A"), now: first),
            pod.setCondition(Condition("Ready", false, reason: "A"), now: later),
            pod.setCondition(Condition("Ready", false, reason: "B"), now: later),
        ]
        #expect(changes == [true, false, true])
        let object = try Object(parsing: pod.encoded())
        #expect(object.condition("Ready")["reason"].string == "B")
        #expect(object.condition("Ready")["lastTransitionTime"].string == first.description)
        pod.setCondition(Condition("Ready", true), now: later)
        #expect(try Object(parsing: pod.encoded()).condition("Ready")["lastTransitionTime"].string == later.description)
        let removals = [pod.removeCondition("Ready"), pod.removeCondition("Ready")]
        #expect(removals == [true, false])
    }
}
