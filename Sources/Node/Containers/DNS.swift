internal import API
internal import JSON
internal import Runtime

extension DNSConfig {
    /// Reads what a resolv.conf(5) says.
    init(resolvConf text: String) {
        self.init()
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let keyword = words.first, words.count > 1 else { continue }
            switch keyword {
            case "nameserver": servers.append(words[1])
            case "search", "domain": searches = Array(words.dropFirst())
            case "options": options = Array(words.dropFirst())
            default: break
            }
        }
    }

    /// https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy
    init(_ pod: Object, _ configuration: NodeConfiguration, host: DNSConfig) {
        let policy = pod.spec["dnsPolicy"].string ?? "ClusterFirst"
        let usesCluster =
            !configuration.clusterDNS.isEmpty
            && (policy == "ClusterFirstWithHostNet" || policy == "ClusterFirst" && !pod.isHostNetwork)
        if usesCluster {
            let domain = configuration.clusterDomain
            self.init(
                servers: configuration.clusterDNS,
                searches: ["\(pod.namespace).svc.\(domain)", "svc.\(domain)", domain] + host.searches,
                options: ["ndots:5"])
        } else {
            self = policy == "None" ? DNSConfig() : host
        }
        let own = pod.spec["dnsConfig"]
        for server in own["nameservers"].elements.compactMap(\.string) where !servers.contains(server) {
            servers.append(server)
        }
        for search in own["searches"].elements.compactMap(\.string) where !searches.contains(search) {
            searches.append(search)
        }
        for option in own["options"].elements {
            guard let name = option["name"].string else { continue }
            options.removeAll { $0 == name || $0.hasPrefix(name + ":") }
            options.append(option["value"].string.map { $0.isEmpty ? name : "\(name):\($0)" } ?? name)
        }
    }
}

/// The text of a pod's /etc/hosts.
/// - Parameter host: the host's own file, for a pod in the host's network.
func hostsFile(_ pod: Object, podIPs: [String], _ configuration: NodeConfiguration, host: String?) -> String {
    var text: String
    if let host {
        text = "# Kubernetes-managed hosts file (host network).\n" + host
        if !text.hasSuffix("\n") { text += "\n" }
    } else {
        text = """
            # Kubernetes-managed hosts file.
            127.0.0.1\tlocalhost
            ::1\tlocalhost ip6-localhost ip6-loopback
            fe00::0\tip6-localnet
            fe00::0\tip6-mcastprefix
            fe00::1\tip6-allnodes
            fe00::2\tip6-allrouters

            """
        let name = podHostname(pod, configuration)
        let names = podDomain(pod, configuration).map {
            "\(name.prefix { $0 != "." }).\($0)\t\(name.prefix { $0 != "." })"
        }
        for address in podIPs { text += "\(address)\t\(names ?? name)\n" }
    }
    let aliases = Array(pod.spec["hostAliases"].elements)
    if !aliases.isEmpty {
        text += "\n# Entries added by HostAliases.\n"
        for alias in aliases {
            let names = alias["hostnames"].elements.compactMap(\.string)
            text += ([alias["ip"].string ?? ""] + names).joined(separator: "\t") + "\n"
        }
    }
    return text
}
