internal import API
internal import Glibc

/// What this machine is and has. Reading it blocks.
struct HostFacts: Sendable, Equatable {
    var cpus = 1
    /// Bytes.
    var memory = 0
    var ephemeralStorage = 0
    /// Bytes of huge pages, by resource name, e.g. hugepages-2Mi.
    var hugepages: [String: Int] = [:]
    var machineID = ""
    var systemUUID = ""
    var bootID = ""
    var kernelVersion = ""
    var osImage = ""
    var architecture = ""
    var swap = 0

    static func read(dataDirectory: String) -> HostFacts {
        var facts = HostFacts()
        facts.cpus = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        facts.memory = MemoryInfo.read()["MemTotal"] ?? 0
        facts.swap = MemoryInfo.read()["SwapTotal"] ?? 0
        facts.ephemeralStorage = FileSystemInfo(dataDirectory)?.size ?? 0
        facts.hugepages = hugepages()
        facts.machineID = Files.line("/etc/machine-id") ?? Files.line("/var/lib/dbus/machine-id") ?? ""
        facts.systemUUID = Files.line("/sys/class/dmi/id/product_uuid") ?? facts.machineID
        facts.bootID = Files.line("/proc/sys/kernel/random/boot_id") ?? ""
        facts.kernelVersion = Files.line("/proc/sys/kernel/osrelease") ?? ""
        facts.osImage = osImage(Files.text("/etc/os-release") ?? Files.text("/usr/lib/os-release") ?? "")
        #if arch(x86_64)
            facts.architecture = "amd64"
        #elseif arch(arm64)
            facts.architecture = "arm64"
        #else
            facts.architecture = "unknown"
        #endif
        return facts
    }

    /// PRETTY_NAME of an os-release(5).
    static func osImage(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("PRETTY_NAME=") }
        let value = line?.dropFirst("PRETTY_NAME=".count) ?? "Linux"
        return value.filter { $0 != "\"" && $0 != "'" }
    }

    private static func hugepages() -> [String: Int] {
        var found: [String: Int] = [:]
        for name in Files.names(in: "/sys/kernel/mm/hugepages") {
            guard name.hasPrefix("hugepages-"), name.hasSuffix("kB"), let size = Int(name.dropFirst(10).dropLast(2)),
                let count = Int(Files.line("/sys/kernel/mm/hugepages/\(name)/nr_hugepages") ?? ""), count > 0
            else { continue }
            found["hugepages-" + Quantity(size * 1024, .binarySI).canonical] = size * 1024 * count
        }
        return found
    }
}

enum MemoryInfo {
    /// The entries of proc_meminfo(5), in bytes.
    static func read() -> [String: Int] {
        var found: [String: Int] = [:]
        for line in (Files.text("/proc/meminfo") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count >= 2, let value = Int(words[1]) { found[String(words[0].dropLast())] = value * 1024 }
        }
        return found
    }
}

struct FileSystemInfo {
    /// Bytes.
    let size: Int
    let available: Int
    let inodes: Int
    let inodesFree: Int

    init?(_ path: String) {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return nil }
        size = Int(info.f_blocks) * Int(info.f_frsize)
        available = Int(info.f_bavail) * Int(info.f_frsize)
        (inodes, inodesFree) = (Int(info.f_files), Int(info.f_favail))
    }
}
