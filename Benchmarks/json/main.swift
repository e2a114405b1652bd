// What decoding a Pod costs: the tape against Foundation's JSONDecoder, in one run on one machine.
// Exits with 1 when the tape costs more than a tenth: `swift run -c release bench-json`.

import Foundation
import Glibc
import JSON

/// CPU time of this process, in microseconds.
func cpu() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
}

/// The CPU time of one call, in microseconds: the best of nine rounds.
func measure(_ calls: Int, _ body: () throws -> Int) rethrows -> Double {
    var best = Double.infinity
    var sum = 0
    for _ in 0..<9 {
        let start = cpu()
        for _ in 0..<calls { sum &+= try body() }
        best = min(best, (cpu() - start) / Double(calls))
    }
    precondition(sum != 0)  // so that nothing is optimised away
    return best
}

func tenFields(_ pod: JSONRef) -> Int {
    var sum = 0
    let (metadata, spec, status) = (pod["metadata"], pod["spec"], pod["status"])
    sum += metadata["name"].string?.utf8.count ?? 0
    sum += metadata["namespace"].equals("shop") ? 1 : 0
    sum += metadata["uid"].exists ? 1 : 0
    sum += metadata["generation"].int ?? 0
    sum += metadata["labels"]["tier"].equals("web") ? 1 : 0
    sum += spec["nodeName"].string?.utf8.count ?? 0
    sum += spec["restartPolicy"].equals("Always") ? 1 : 0
    sum += spec["containers"][0]["name"].equals("web") ? 1 : 0
    sum += status["phase"].equals("Running") ? 1 : 0
    sum += status["podIP"].string?.utf8.count ?? 0
    return sum
}

let bytes = try JSONValue(parsing: Array(podText.utf8)).encoded()
let data = Data(bytes)
let decoder = JSONDecoder()
let document = try JSONDocument(bytes)
let tree = document.root.value

let tape = try measure(20_000) { try JSONDocument(bytes).root.count }
let codable = try measure(300) { try decoder.decode(Pod.self, from: data).spec.containers.count }
let fields = measure(100_000) { tenFields(document.root) }
let toTree = measure(3_000) { document.root.value.isNull ? 0 : 1 }
let encode = measure(3_000) { tree.encoded().count }

func line(_ name: String, _ microseconds: Double) {
    print(name.padding(toLength: 34, withPad: " ", startingAt: 0), String(format: "%9.3f us", microseconds))
}
print("a Pod of \(bytes.count) bytes, CPU time a call:")
line("tape", tape)
line("JSONDecoder into Codable structs", codable)
line("reading ten fields from the tape", fields)
line("tree from the tape", toTree)
line("encoding the tree", encode)
print(String(format: "the tape costs 1/%.0f of JSONDecoder", codable / tape))
exit(tape * 10 <= codable ? 0 : 1)
