import API
import Client
import Glibc
import JSON
import Runtime
import Testing

@testable import Node

@Suite struct EnvFileTests {
    @Test func assignmentsInSingleQuotesAreRead() {
        let text = "# a comment\n\nA='1'\n  B='two\nlines'  # said so\nC=''"
        #expect(EnvFile.parse(text) == ["A": "1", "B": "two\nlines", "C": ""])
    }

    @Test(arguments: ["A=1", "A=\"1\"", "A='1", "A='1' B='2'", "='1'", "A = '1'", "export A='1'"])
    func anythingElseIsNoEnvFile(_ text: String) { #expect(EnvFile.parse(text) == nil) }
}

@Suite struct ServiceVariableTests {
    @Test func aServiceGivesItsHostItsPortsAndLinks() throws {
        let service = try object([
            "metadata": ["name": "my-db", "namespace": "ns"],
            "spec": [
                "clusterIP": "fd00::1", "ports": [["name": "a-b", "port": 1], ["port": 53, "protocol": "UDP"]],
            ],
        ])
        let variables = try #require(ServiceVariables.Entry(service)).variables
        #expect(variables["MY_DB_SERVICE_HOST"] == "fd00::1" && variables["MY_DB_SERVICE_PORT"] == "1")
        #expect(variables["MY_DB_SERVICE_PORT_A_B"] == "1" && variables["MY_DB_PORT"] == "tcp://[fd00::1]:1")
        #expect(variables["MY_DB_PORT_53_UDP"] == "udp://[fd00::1]:53")
        #expect(variables["MY_DB_PORT_53_UDP_PROTO"] == "udp" && variables.count == 12)
    }

    @Test(arguments: [JSONValue.null, "", "None"]) func oneWithoutAnAddressGivesNone(_ address: JSONValue) throws {
        let service = try object(["metadata": ["name": "a"], "spec": ["clusterIP": address, "ports": [["port": 1]]]])
        #expect(ServiceVariables.Entry(service) == nil)
    }
}

@Suite struct RestartRuleTests {
    @Test(arguments: [
        ("Never", 42, true), ("Never", 1, false), ("Always", 0, true), ("OnFailure", 0, false), ("OnFailure", 1, true),
    ])
    func rulesComeBeforeTheContainersPolicyAndThatBeforeThePods(_ own: String, _ code: Int, _ restarts: Bool) throws {
        let pod = try podObject([
            "containers": [
                [
                    "name": "c", "restartPolicy": .string(own),
                    "restartPolicyRules": [
                        ["action": "Restart", "exitCodes": ["operator": "In", "values": [42]]]
                    ],
                ]
            ]
        ])
        let container = pod.mainContainers[0]
        #expect(container.isRestarted(afterExitCode: code, podPolicy: "Never") == restarts)
    }

    @Test func initContainersThatWorkedAreNotRestarted() throws {
        let pod = try podObject(["initContainers": [["name": "i"], ["name": "s", "restartPolicy": "Always"]]])
        let codes = pod.initContainers.map { container in
            [0, 1].map { container.isRestarted(afterExitCode: $0, podPolicy: "Always") }
        }
        #expect(codes == [[false, true], [true, true]])
    }
}

@Suite struct RedirectTests {
    let request = HTTPGet(host: "10.0.0.1", port: 8080, path: "/a/b?c")

    @Test(arguments: [
        ("/x", "http://10.0.0.1:8080/x"), ("x?y", "http://10.0.0.1:8080/a/x?y"),
        ("https://10.0.0.1:8443", "https://10.0.0.1:8443/"), ("http://10.0.0.1/z", "http://10.0.0.1:80/z"),
        ("http://example.com/", nil), ("http://10.0.0.2:8080/", nil),
    ])
    func redirectionsAreFollowedWithinTheHost(_ location: String, _ url: String?) {
        #expect(request.redirected(by: .init(status: 302, location: location, body: ""))?.url == url)
    }

    @Test func otherAnswersAreNoRedirections() {
        #expect(request.redirected(by: .init(status: 304, location: "/x", body: "")) == nil)
        #expect(request.redirected(by: .init(status: 301, location: nil, body: "")) == nil)
    }
}

@Suite struct InsidePathTests {
    /// A directory `in` of a fresh one, with `in/dir/file`, links within and links out of it.
    func withTree(_ body: (String) throws -> Void) throws {
        let top = "/tmp/segler-inside-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? Files.removeTree(top) }
        try Files.makeDirectories(top + "/in/dir")
        try Files.makeDirectories(top + "/out")
        try Files.write(top + "/in/dir/file", Array("x".utf8))
        for (name, target) in [
            ("ok", "dir"), ("abs", top + "/in/dir"), ("up", "../out"), ("root", "/"), ("gone", "../none"),
        ] {
            symlink(target, "\(top)/in/\(name)")
        }
        try body(top + "/in")
    }

    @Test func whatIsInsideIsFoundAlsoThroughLinks() throws {
        try withTree { root in
            for path in ["dir/file", "ok/file", "abs/file"] {
                let handle = try Files.openInside(root, path)
                defer { close(handle) }
                #expect(Files.text(Files.handlePath(handle)) == "x")
            }
        }
    }

    @Test(arguments: ["up", "up/made", "root/etc", "gone", "gone/made", "../out", "dir/../../out", "/etc"])
    func whatLeadsOutIsRefusedAndNothingIsMadeThere(_ path: String) throws {
        try withTree { root in
            #expect(throws: PathEscape.self) { _ = try Files.openInside(root, path, makesDirectories: true) }
            #expect(Files.names(in: root + "/../out").isEmpty && !Files.exists(root + "/../none"))
        }
    }

    @Test func whatIsMissingIsMadeWithTheRootsPermissions() throws {
        try withTree { root in
            chmod(root, 0o2775)
            close(try Files.openInside(root, "ok/new/deep", makesDirectories: true))
            var info = stat()
            #expect(stat(root + "/dir/new/deep", &info) == 0 && info.st_mode & 0o7777 == 0o2775)
            #expect(throws: SystemError.self) { _ = try Files.openInside(root, "none") }
        }
    }

    @Test func aTreeIsGivenToAGroupButNotWhatItsLinksLeadTo() throws {
        try withTree { root in
            try Files.write(root + "/../out/file", [])
            symlink("../out/file", root + "/dir/link")
            try Files.setGroup(4711, of: root, readOnly: false, onlyOnMismatch: false)
            var (file, directory, outside) = (stat(), stat(), stat())
            stat(root + "/dir/file", &file)
            stat(root + "/dir", &directory)
            stat(root + "/../out/file", &outside)
            #expect(file.st_gid == 4711 && file.st_mode & 0o7777 == 0o664)
            #expect(directory.st_gid == 4711 && directory.st_mode & 0o7777 == 0o2775)
            #expect(outside.st_gid == getegid())
            try Files.setGroup(4712, of: root + "/dir", readOnly: false, onlyOnMismatch: false)
            try Files.setGroup(4711, of: root, readOnly: false, onlyOnMismatch: true)
            stat(root + "/dir", &directory)
            #expect(directory.st_gid == 4712)
        }
    }
}

@Suite struct StaticPodTests {
    let configuration = NodeConfiguration(nodeName: "n", dataDirectory: "/d", nodeAddress: "1.1.1.1")

    func pod(_ text: String, file: String = "a.yaml") throws -> Object {
        try StaticPods.pod(Array(text.utf8), file, configuration, BuiltInKinds())
    }

    let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c, image: x}]}\n"

    @Test func aFileGivesAPodOfTheNodesWithDefaults() throws {
        let pod = try pod(manifest)
        #expect(pod.key == "default/web-n" && pod.uid.count == 32 && pod.isStatic && !pod.isMirror)
        #expect(pod.spec["nodeName"].equals("n") && pod.restartPolicy == "Always")
        #expect(pod.annotation("kubernetes.io/config.hash") == pod.uid)
        #expect(try self.pod(manifest).uid == pod.uid)
        #expect(try self.pod(manifest, file: "b.yaml").uid != pod.uid)
        #expect(try self.pod(manifest + "# x\n").uid != pod.uid)
    }

    @Test(arguments: ["kind: Service\n", "kind: Pod\nspec: {nonsense: 1}\n", "kind: Pod\nmetadata: {name: a}\n", "["])
    func whatIsNoPodIsRefused(_ text: String) { #expect(throws: (any Error).self) { _ = try pod(text) } }
}

@Suite struct SysctlTests {
    @Test(arguments: [
        ("net.ipv4.x", "net.ipv4.x"), ("net/ipv4/x", "net.ipv4.x"), ("net/ipv4/eth0.1/x", "net.ipv4.eth0/1.x"),
    ])
    func namesWithSlashesAreTheSame(_ given: String, _ name: String) { #expect(sysctlName(given) == name) }
}
