/// A line of a container's log file: `TIME stdout|stderr F|P TEXT`, where P marks a part that the next line continues.
/// https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
struct LogLine: Equatable {
    let time: ArraySlice<UInt8>
    /// "stdout" or "stderr".
    let stream: ArraySlice<UInt8>
    let isPartial: Bool
    let text: ArraySlice<UInt8>

    /// - Parameter line: without its newline. nil: not such a line.
    init?(_ line: ArraySlice<UInt8>) {
        let space = UInt8(ascii: " ")
        guard let first = line.firstIndex(of: space),
            let second = line[(first + 1)...].firstIndex(of: space),
            line[(first + 1)..<second].elementsEqual("stdout".utf8)
                || line[(first + 1)..<second].elementsEqual("stderr".utf8)
        else { return nil }
        let rest = line[(second + 1)...]
        let third = rest.firstIndex(of: space) ?? rest.endIndex
        time = line[..<first]
        stream = line[(first + 1)..<second]
        // Tags are separated by colons; the first says whether the line is whole.
        isPartial = rest[..<third].first == UInt8(ascii: "P")
        text = third < rest.endIndex ? rest[(third + 1)...] : []
    }
}
