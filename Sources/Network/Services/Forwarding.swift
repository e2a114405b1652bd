internal import Glibc

/// Settings of the kernel's that Services need.
enum Forwarding {
    /// Lets connections to a node port at 127.0.0.1 leave for the pods.
    /// - Returns: one line for each setting that could not be made.
    static func enableLoopback() -> [String] {
        let path = "/proc/sys/net/ipv4/conf/all/route_localnet"
        let file = open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return ["\(path) cannot be opened: node ports do not answer at 127.0.0.1"] }
        defer { close(file) }
        var byte = UInt8(0)
        if read(file, &byte, 1) == 1, byte == UInt8(ascii: "1") { return [] }
        // Only what is written at the beginning counts.
        return pwrite(file, "1\n", 2, 0) == 2 ? [] : ["\(path) cannot be set: node ports do not answer at 127.0.0.1"]
    }
}
