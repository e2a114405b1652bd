// Checks the JSON module on mutants of its corpus: `swift run -c release fuzz-json 1000000 [seed]`.

import Glibc

let arguments = CommandLine.arguments.dropFirst().map { UInt64($0) ?? 0 }
let iterations = arguments.first.map { Int($0) } ?? 100_000
let seed = arguments.dropFirst().first ?? UInt64.random(in: 0..<1_000_000)
print("fuzz-json: \(iterations) texts, seed \(seed)")
if let (text, violation) = Fuzz.run(iterations: iterations, seed: seed) {
    print("violated: \(violation)\nbytes: \(text)\ntext: \(String(decoding: text, as: UTF8.self))")
    exit(1)
}
print("fuzz-json: all is well")
