import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct CronJobTests {
    let cluster = Cluster(CronJobController.self)
    var api: MemoryAPI { cluster.api }
    var time: ManualTime { cluster.time }

    /// ManualTime starts at 2027-01-15T08:00:00Z.
    private func make(_ spec: JSONValue = [:]) {
        var whole: JSONValue = [
            "schedule": "* * * * *", "concurrencyPolicy": "Allow", "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1, "suspend": false,
            "jobTemplate": [
                "metadata": ["labels": ["a": "b"]],
                "spec": ["template": ["spec": ["containers": [["name": "c", "image": "i"]]]]],
            ],
        ]
        for (key, value) in spec.object ?? [:] { whole[key] = value }
        api.put(
            .cronJobs,
            [
                "apiVersion": "batch/v1", "kind": "CronJob", "metadata": ["namespace": "ns", "name": "tick"],
                "spec": whole,
            ])
    }

    private func finish(_ job: String, _ type: String = "Complete") async throws {
        try await api.modify(.jobs, namespace: "ns", name: job, subresource: "status") { [time] object in
            object.setCondition(Condition(type, true), now: time.now)
            object["status"]["startTime"] = .string(time.now.description)
            if type == "Complete" { object["status"]["completionTime"] = .string(time.now.description) }
            return true
        }
    }

    private func status(_ api: MemoryAPI) -> JSONRef { api.object(.cronJobs, "ns/tick")?["status"] ?? .missing }

    private func advance(to seconds: Double) async {
        await time.waitForSleeper(until: seconds)
        time.advance(seconds: seconds - time.uptime)
    }

    @Test func aJobIsMadeEachTimeAndIsNamedAfterItsMinute() async throws {
        make()
        await advance(to: 60)
        let name = "ns/tick-\((1_800_000_000 + 60) / 60)"
        await api.waitForObject(.jobs, name)
        let job = try #require(api.object(.jobs, name))
        #expect(job.label("a") == "b")
        #expect(job.controllerReference?.kind == "CronJob")
        #expect(job.annotation("batch.kubernetes.io/cronjob-scheduled-timestamp") == "2027-01-15T08:01:00Z")
        await api.wait { self.status($0)["lastScheduleTime"].string == "2027-01-15T08:01:00Z" }
        #expect(status(api)["active"][0]["name"].string == job.name)

        try await finish(job.name)
        await api.wait { self.status($0)["active"].count == 0 && self.status($0)["lastSuccessfulTime"].exists }
        await advance(to: 120)
        await api.wait { $0.objects(.jobs).count == 2 }
    }

    @Test func forbidSkipsWhileOneRunsAndReplaceEndsIt() async throws {
        make(["concurrencyPolicy": "Forbid"])
        await advance(to: 60)
        await api.wait { self.status($0)["active"].count == 1 }
        await advance(to: 120)
        await api.wait { $0.objects(.events).contains { $0["reason"].equals("JobAlreadyActive") } }
        #expect(api.objects(.jobs).count == 1)
        try await api.modify(.cronJobs, namespace: "ns", name: "tick") {
            $0["spec"]["concurrencyPolicy"] = "Replace"
            return true
        }
        let last = "ns/tick-\((1_800_000_000 + 120) / 60)"
        await api.wait { $0.objects(.jobs).map(\.key) == [last] }
        await api.wait {
            self.status($0)["active"].count == 1
                && self.status($0)["active"][0]["name"].equals(String(last.dropFirst(3)))
        }
    }

    @Test func onlyTheNewestFinishedJobsAreKept() async throws {
        make(["successfulJobsHistoryLimit": 1, "failedJobsHistoryLimit": 0])
        for minute in 1...3 {
            await advance(to: Double(60 * minute))
            let name = "tick-\((1_800_000_000 + 60 * minute) / 60)"
            await api.waitForObject(.jobs, "ns/" + name)
            try await finish(name, minute == 2 ? "Failed" : "Complete")
        }
        await api.wait { $0.objects(.jobs).map(\.name) == ["tick-\((1_800_000_000 + 180) / 60)"] }
    }

    @Test func aStartThatIsTooLateIsMissed() async throws {
        make(["suspend": true, "startingDeadlineSeconds": 100, "schedule": "0 * * * *"])
        await api.waitForWatch(.cronJobs)
        time.advance(seconds: 3600 + 200)
        try await api.modify(.cronJobs, namespace: "ns", name: "tick") {
            $0["spec"]["suspend"] = false
            return true
        }
        await time.waitForSleeper(until: 7200)
        #expect(api.objects(.jobs).isEmpty)
        // Without a deadline it is made up for.
        try await api.modify(.cronJobs, namespace: "ns", name: "tick") {
            $0["spec"].remove("startingDeadlineSeconds")
            return true
        }
        await api.waitForObject(.jobs, "ns/tick-\((1_800_000_000 + 3600) / 60)")
    }

    @Test func aZoneThatIsNotKnownIsReported() async throws {
        make(["timeZone": "Nowhere/Land"])
        await api.wait { $0.objects(.events).contains { $0["reason"].equals("UnknownTimeZone") } }
    }
}
