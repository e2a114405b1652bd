// Sends mutants of requests to an API server in this process: `swift run -c release fuzz-requests 1000000 [seed]`. Every wrong
// request must be answered by a Status of 4xx, none may end the process, and memory must stay where it is.

import Glibc

let arguments = CommandLine.arguments.dropFirst().map { UInt64($0) ?? 0 }
let iterations = arguments.first.map { Int($0) } ?? 100_000
let seed = arguments.dropFirst().first ?? UInt64.random(in: 0..<1_000_000)

/// Bytes of memory in use.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, 256, file) != nil else { return 0 }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
}

print("fuzz-requests: \(iterations) requests, seed \(seed)")
let target = try await Target()
let last = open(target.lastPath, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
var mutator = Mutator(seed: seed, seeds: target.seeds)
var warm = 0
var failures = 0
let maximumGrowth = 96 << 20
for number in 0..<iterations {
    let request = mutator.request()
    let accept = mutator.accept()
    let head = "\(request.method) \(request.path) \(request.query) \(request.contentType) \(accept)\n"
    let text = Array(head.utf8) + request.body
    _ = text.withUnsafeBytes { pwrite(last, $0.baseAddress, $0.count, 0) }
    ftruncate(last, off_t(text.count))
    if let problem = await target.answer(request, accept: accept) {
        print("request \(number): \(head)\(String(decoding: request.body, as: UTF8.self))\nanswered \(problem)")
        failures += 1
        if failures == 20 { break }
    }
    if number == iterations / 4 { warm = residentBytes() }
}
let grown = residentBytes() - warm
await target.close()
print("fuzz-requests: \(residentBytes() >> 20) MiB resident, \(grown >> 20) MiB more than after a quarter")
if warm > 0, iterations >= 100_000, grown > maximumGrowth {
    print("violated: memory grows")
    failures += 1
}
print(failures == 0 ? "fuzz-requests: all is well" : "fuzz-requests: \(failures) problems")
exit(failures == 0 ? 0 : 1)
