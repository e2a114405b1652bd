/// The network of this node's pods: a bridge with an address range, written as a list of CNI plugins that the runtime
/// calls (https://www.cni.dev/docs/spec/). The runtime notices a changed file by itself.
public struct CNIConfiguration: Sendable, Equatable {
    public var name = "segler"
    /// At most 15 bytes.
    public var bridge: String
    /// The node's pod ranges: one, or one of each IP version.
    public var podCIDRs: [String]
    /// What leaves the pod range gets the node's address (iptables rules of the plugin, a chain a pod). Off when rules of
    /// our own do that.
    public var ipMasq: Bool
    /// 0 for the kernel's choice.
    public var mtu = 0
    /// Where host-local keeps which pod has which address. Must survive restarts.
    public var addressDirectory: String
    /// The plugin of `hostPort`; it needs iptables.
    public var portmap: Bool

    /// - Parameter binDirectory: of the plugins, `HostCapabilities.cniBinDirectory`. Without the plugin portmap or the
    ///   program iptables there are no host ports, without iptables no masquerading.
    public init(
        bridge: String, podCIDRs: [String], ipMasq: Bool, dataDirectory: String, binDirectory: String?
    ) {
        let iptables = Files.program("iptables") != nil
        self.bridge = bridge
        self.podCIDRs = podCIDRs
        self.ipMasq = ipMasq && iptables
        addressDirectory = "\(dataDirectory)/cni-addresses"
        portmap = iptables && Files.isExecutable("\(binDirectory ?? "/opt/cni/bin")/portmap")
    }

    public var json: String {
        let ranges = podCIDRs.map { "[{\"subnet\": \(quoted($0))}]" }.joined(separator: ", ")
        let routes = podCIDRs.map { "{\"dst\": \"\($0.contains(":") ? "::/0" : "0.0.0.0/0")\"}" }
        var plugins = [
            """
                {
                  "type": "bridge", "bridge": \(quoted(bridge)), "isGateway": true, "hairpinMode": true,
                  "ipMasq": \(ipMasq),\(mtu > 0 ? " \"mtu\": \(mtu)," : "")
                  "ipam": {
                    "type": "host-local", "dataDir": \(quoted(addressDirectory)),
                    "ranges": [\(ranges)], "routes": [\(routes.joined(separator: ", "))]
                  }
                }
            """
        ]
        if portmap {
            plugins.append("    {\"type\": \"portmap\", \"capabilities\": {\"portMappings\": true}, \"snat\": true}")
        }
        return """
            {
              "cniVersion": "0.4.0",
              "name": \(quoted(name)),
              "plugins": [
            \(plugins.joined(separator: ",\n"))
              ]
            }

            """
    }

    /// Writes it to the runtime's directory, which must hold no other network's, unless it is there already.
    public func write(to confDirectory: String) throws {
        try Files.makeDirectory(confDirectory)
        let path = "\(confDirectory)/10-segler.conflist"
        if Files.readText(path) != json { try Files.write(json, to: path) }
    }

    /// Removes a bridge and the nftables table of the same name, where they are.
    public static func removeNetwork(_ name: String) async {
        for command in [["ip", "link", "delete", name], ["nft", "delete", "table", "ip", name]] {
            // Most often there is nothing to remove, and the program says so.
            _ = try? await ChildProcess.run("/usr/bin/env", ["PATH=/usr/sbin:/sbin:/usr/bin:/bin"] + command)
        }
    }

    /// Lets the kernel forward between pods and networks, and lets packets between pods on one bridge pass through
    /// iptables and nftables, without which a Service does not work for them.
    /// - Returns: one line for each setting that could not be made.
    public static func enableForwarding(ipv6: Bool) -> [String] {
        var settings = ["net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables"]
        if ipv6 { settings += ["net/ipv6/conf/all/forwarding", "net/bridge/bridge-nf-call-ip6tables"] }
        return settings.compactMap { setting in
            let path = "/proc/sys/\(setting)"
            // The latter two exist once the kernel module br_netfilter is loaded.
            guard Files.exists(path) else { return "\(setting) is not there: modprobe br_netfilter" }
            if Files.readText(path)?.first == "1" || Files.set(path, to: "1") { return nil }
            return "cannot set \(setting)"
        }
    }
}
