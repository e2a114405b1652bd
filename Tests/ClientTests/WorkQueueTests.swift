import Client
import ClientTesting
import Testing

@Suite struct WorkQueueTests {
    let time = ManualTime()

    @Test func aKeyAddedTwiceIsProcessedOnce() async {
        let queue = WorkQueue<String>(time: time)
        queue.add("a")
        queue.add("a")
        queue.add("b")
        #expect(await queue.next() == "a")
        #expect(await queue.next() == "b")
        #expect(queue.count == 0)
    }

    @Test func aKeyAddedWhileItIsProcessedComesUpAgainAfterwards() async {
        let queue = WorkQueue<String>(time: time)
        queue.add("a")
        #expect(await queue.next() == "a")
        queue.add("a")
        queue.add("b")
        #expect(await queue.next() == "b")
        #expect(queue.count == 0)
        queue.done("a")
        #expect(await queue.next() == "a")
    }

    @Test func aWaitingWorkerIsWokenByTheKeyAndByTheShutdown() async {
        let queue = WorkQueue<Int>(time: time)
        async let first = queue.next()
        queue.add(7)
        #expect(await first == 7)
        async let second = queue.next()
        queue.shutDown()
        #expect(await second == nil)
        queue.add(8)
        #expect(await queue.next() == nil)
    }

    @Test func aCancelledWorkerGetsNothing() async {
        let queue = WorkQueue<Int>(time: time)
        let worker = Task { await queue.next() }
        worker.cancel()
        #expect(await worker.value == nil)
        queue.add(1)
        #expect(await queue.next() == 1)
    }

    @Test func aDelayedKeyComesWhenItIsDueAndAtTheEarlierOfTwoTimes() async {
        let queue = WorkQueue<String>(time: time)
        queue.add("late", after: 60)
        queue.add("a", after: 20)
        queue.add("a", after: 10)
        queue.add("a", after: 30)
        await time.waitForSleeper(until: 10)
        time.advance(seconds: 9)
        #expect(queue.count == 0)
        time.advance(seconds: 1)
        #expect(await queue.next() == "a")
        queue.done("a")
        await time.waitForSleeper(until: 60)
        time.advance(seconds: 50)
        #expect(await queue.next() == "late")
        #expect(queue.count == 0)
        #expect(time.sleepers == 0)
    }

    @Test func retriesComeLaterAndLaterUntilForgotten() async {
        let queue = WorkQueue<String>(time: time)
        for (failures, delay) in [0.005, 0.01, 0.02].enumerated() {
            #expect(queue.failures("a") == failures)
            queue.addRateLimited("a")
            let due = time.uptime + delay
            await time.waitForSleeper(until: due)
            time.advance(seconds: delay)
            #expect(await queue.next() == "a")
            queue.done("a")
        }
        #expect(Backoff(initial: 0.005, maximum: 1000).delay(afterFailures: 60) == 1000)
        queue.forget("a")
        #expect(queue.failures("a") == 0)
    }

    @Test func thousandsOfKeysAreEachProcessedOnceByManyWorkers() async {
        let queue = WorkQueue<Int>(time: time)
        for key in 0..<5000 { queue.add(key) }
        queue.shutDown()
        let seen = await withTaskGroup(of: [Int].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var mine: [Int] = []
                    while let key = await queue.next() {
                        mine.append(key)
                        queue.done(key)
                    }
                    return mine
                }
            }
            return await group.reduce(into: [Int]()) { $0 += $1 }
        }
        #expect(seen.sorted() == Array(0..<5000))
    }
}
