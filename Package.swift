// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func nio(_ names: String...) -> [Target.Dependency] {
    names.map { .product(name: $0, package: "swift-nio") }
}

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: strict)
}

let package = Package(
    name: "segler",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "segler", targets: ["segler"]),
        .executable(name: "segler-pause", targets: ["segler-pause"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        // What the system provides.
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

        // Imports point downwards only; see docs/ARCHITECTURE.md.
        module("JSON"),
        module("API", ["CPCRE2", "JSON", "Yams"]),
        module("Store", ["CSQLite"]),
        module("TLS", ["COpenSSL"] + nio("NIOCore")),
        module(
            "HTTP",
            ["TLS", .product(name: "NIOHTTP2", package: "swift-nio-http2")]
                + nio("NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket")),
        module("Client", ["API", "HTTP", "JSON"] + nio("NIOCore", "NIOHTTP1")),
        module(
            "Server",
            ["API", "Client", "CZlib", "HTTP", "JSON", "Store", "TLS"]
                + nio("NIOCore", "NIOHTTP1", "NIOConcurrencyHelpers")),
        module("Controllers", ["API", "Client", "JSON"]),
        module("Scheduler", ["API", "Client", "JSON"]),
        .target(
            name: "Runtime",
            dependencies: [
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            ] + nio("NIOCore", "NIOPosix"),
            exclude: ["CRI/cri.proto"], swiftSettings: strict),
        // One file that runs without any library in the image of the sandboxes; -static-stdlib makes the linker look for
        // the archives that it then takes nothing from.
        .executableTarget(
            name: "segler-pause", path: "Sources/pause",
            cSettings: [.unsafeFlags(["-ffreestanding", "-fno-stack-protector", "-O2"])],
            linkerSettings: [
                .unsafeFlags([
                    "-static-stdlib", "-nostartfiles", "-Xclang-linker", "-nostdlib", "-Xclang-linker", "-static",
                ])
            ]),
        tests("Runtime", ["segler-pause"] + nio("NIOCore", "NIOPosix")),
        module("Node", ["API", "Client", "JSON", "Runtime", "TLS"] + nio("NIOCore", "NIOHTTP1", "NIOPosix")),
        module("Network", ["API", "Client", "JSON"] + nio("NIOCore", "NIOPosix", "NIOHTTP1")),
        tests("Network", ["API", "Client", "ClientTesting", "JSON"] + nio("NIOCore", "NIOPosix")),
        tests("Node", ["API", "Client", "ClientTesting", "JSON", "Runtime", "segler-pause"]),

        tests("TLS", nio("NIOCore", "NIOPosix")),
        tests("HTTP", ["TLS"] + nio("NIOCore", "NIOHTTP1", "NIOPosix")),

        .executableTarget(
            name: "segler",
            dependencies: [
                "API", "Client", "Controllers", "HTTP", "JSON", "Network", "Node", "Runtime", "Scheduler", "Server",
                "Store",
                "TLS",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ] + nio("NIOCore", "NIOPosix"),
            swiftSettings: strict),

        tests("JSON", ["FuzzSupport", "fuzz-json"]),
        tests("API", ["JSON"]),
        .target(name: "FuzzSupport", path: "Tests/Fuzz/support", swiftSettings: strict),
        .executableTarget(
            name: "fuzz-json", dependencies: ["FuzzSupport", "JSON"], path: "Tests/Fuzz/json", swiftSettings: strict),
        .executableTarget(
            name: "fuzz-requests",
            dependencies: ["API", "FuzzSupport", "HTTP", "JSON", "Server", "Store", "TLS"]
                + nio("NIOCore", "NIOHTTP1", "NIOPosix"),
            path: "Tests/Fuzz/requests", swiftSettings: strict),
        .executableTarget(
            name: "fuzz-credentials", dependencies: ["API", "Client", "FuzzSupport", "JSON", "Server", "Store", "TLS"],
            path: "Tests/Fuzz/credentials", swiftSettings: strict),
        .executableTarget(
            name: "bench-json", dependencies: ["JSON"], path: "Benchmarks/json", swiftSettings: strict),

        tests("Store", ["CSQLite", "store-crash-writer"]),
        .executableTarget(
            name: "store-crash-writer", dependencies: ["Store"], path: "Tests/Crash/store-crash-writer",
            swiftSettings: strict),
        .executableTarget(
            name: "bench-runtime", dependencies: ["Runtime"], path: "Benchmarks/runtime", swiftSettings: strict),
        .executableTarget(
            name: "bench-authorizer", dependencies: ["API", "Client", "JSON", "Server", "Store", "TLS"],
            path: "Benchmarks/authorizer", swiftSettings: strict),
        .executableTarget(
            name: "bench-store", dependencies: ["Store"], path: "Benchmarks/store", swiftSettings: strict),

        .target(
            name: "ClientTesting", dependencies: ["API", "Client", "JSON"], path: "Tests/ClientTesting",
            swiftSettings: strict),
        tests("Client", ["API", "ClientTesting", "JSON"]),
        tests("Scheduler", ["API", "Client", "ClientTesting", "JSON"]),
        tests("Controllers", ["API", "Client", "ClientTesting", "JSON"]),
    ],
    swiftLanguageModes: [.v6]
)
