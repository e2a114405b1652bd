import API
import Client
import ClientTesting
import JSON
import Testing

@Suite struct RecorderTests {
    let time = ManualTime()
    let api: MemoryAPI
    let recorder: Recorder
    let pod = ObjectReference(kind: "Pod", namespace: "ns", name: "web", uid: "u1", resourceVersion: "5")

    init() {
        api = MemoryAPI(time: time)
        recorder = Recorder(api, component: "kubelet", instance: "node-1", time: time)
    }

    @Test func anEventNamesTheObjectTheReporterAndTheTime() async throws {
        recorder.event(pod, .warning, reason: "BackOff", "Back-off restarting failed container")
        await recorder.flush()
        let event = try #require(api.objects(.events).first)
        #expect(event.namespace == "ns")
        #expect(event.name == "web." + String(time.start.microsecondsSince1970 * 1000, radix: 16))
        #expect(event["involvedObject"]["uid"].string == "u1")
        #expect(event["reason"].string == "BackOff")
        #expect(event["type"].string == "Warning")
        #expect(event["source"].value == ["component": "kubelet", "host": "node-1"])
        #expect(event["reportingComponent"].string == "kubelet")
        #expect(event["reportingInstance"].string == "node-1")
        #expect(event["firstTimestamp"].string == time.start.description)
        #expect(event["count"].int == 1)
    }

    @Test func eventsAboutTheClusterAreInTheDefaultNamespace() async {
        recorder.event(ObjectReference(kind: "Node", name: "n"), reason: "NodeReady", "ready")
        await recorder.flush()
        #expect(api.objects(.events).map(\.namespace) == ["default"])
    }

    @Test func theSameEventIsCountedOnTheFirst() async {
        for _ in 0..<3 {
            recorder.event(pod, reason: "Pulled", "image a")
            await recorder.flush()
            time.advance(seconds: 2)
        }
        var newer = pod
        newer.resourceVersion = "9"
        recorder.event(newer, reason: "Pulled", "image a")
        recorder.event(pod, reason: "Pulled", "image b")
        await recorder.flush()
        let events = api.objects(.events)
        #expect(events.map { $0["count"].int } == [4, 1])
        #expect(events.first?["firstTimestamp"].string == time.start.description)
        #expect(events.first?["lastTimestamp"].string == time.start.adding(seconds: 6).description)
    }

    @Test func anEventThatWasDeletedMeanwhileIsWrittenAnew() async throws {
        recorder.event(pod, reason: "Pulled", "a")
        await recorder.flush()
        let name = try #require(api.objects(.events).first).name
        try await api.delete(.events, namespace: "ns", name: name, .init())
        recorder.event(pod, reason: "Pulled", "a")
        await recorder.flush()
        #expect(api.objects(.events).count == 1)
    }

    @Test func manyDifferentMessagesOfOneReasonAreCombined() async {
        for index in 0..<15 { recorder.event(pod, reason: "Failed", "try \(index)") }
        await recorder.flush()
        let messages = api.objects(.events).compactMap { $0["message"].string }
        #expect(messages.count == 10)
        #expect(messages.last == "(combined from similar events): try 14")
        #expect(api.objects(.events).last?["count"].int == 6)
    }

    @Test func anObjectMayNotFloodTheCluster() async {
        for index in 0..<40 { recorder.event(pod, reason: "R\(index)", "m") }
        recorder.event(ObjectReference(kind: "Pod", namespace: "ns", name: "other"), reason: "R", "m")
        await recorder.flush()
        #expect(api.objects(.events).count == 26)
        #expect(recorder.dropped == 15)
        time.advance(seconds: 300)
        recorder.event(pod, reason: "Later", "m")
        await recorder.flush()
        #expect(api.objects(.events).count == 27)
    }

    @Test func refusalsAreOnlyCounted() async {
        api.refuse { _, _, _ in .unavailable("no") }
        recorder.event(pod, reason: "A", "m")
        await recorder.flush()
        #expect(recorder.failures == 1)
        api.refuseNothing()
        recorder.event(pod, reason: "A", "m")
        await recorder.flush()
        #expect(api.objects(.events).count == 1)
    }
}
