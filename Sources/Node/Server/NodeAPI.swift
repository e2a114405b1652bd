public import API
public import Client
internal import Glibc
internal import JSON

/// What a kubelet answers on its own port, as far as it answers with a document.
/// https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/#kubelet-authorization
extension NodeAgent {
    public func answer(path: String) async throws(StatusError) -> NodeAnswer {
        switch path {
        case "/healthz", "/healthz/ping", "/healthz/log", "/healthz/syncloop": return .text("ok")
        case "/pods", "/pods/": return .json(podList(pods))
        case "/runningpods", "/runningpods/": return .json(podList(try await runningPods()))
        case "/stats/summary": return .json(try await statistics().summary)
        case "/metrics": return .metrics(await metrics)
        case "/metrics/resource": return .metrics(MetricsText(resourcesOf: try await statistics().summary))
        case "/metrics/cadvisor":
            let snapshot = try await measured()
            return .metrics(
                MetricsText(containersOf: snapshot, pods: pods, node: snapshot.node, networks: await networks))
        case "/metrics/probes": return .metrics(services.measurements.probes)
        case "/configz": return .json(["kubeletconfig": configz])
        case let path where path.hasPrefix("/logs/"): return try await systemLog(String(path.dropFirst(6)))
        default: throw StatusError(code: 404, reason: "NotFound", message: "404 page not found")
        }
    }

    private func podList(_ pods: [Object]) -> JSONValue {
        [
            "kind": "PodList", "apiVersion": "v1", "metadata": [:],
            "items": .array(pods.sorted { $0.key < $1.key }.map(\.value)),
        ]
    }

    /// As the runtime has them: names, images and no more.
    private func runningPods() async throws(StatusError) -> [Object] {
        var running: [Object] = []
        for worker in workers {
            let names = await worker.runningContainers
            guard !names.isEmpty else { continue }
            let pod = worker.pod
            let containers = names.sorted().map { name -> JSONValue in
                [
                    "name": .string(name), "image": pod.containerSpec(named: name)?.spec["image"].value ?? nil,
                    "resources": [:],
                ]
            }
            let value: JSONValue = [
                "metadata": [
                    "name": .string(pod.name), "namespace": .string(pod.namespace), "uid": .string(pod.uid),
                ], "spec": ["containers": .array(containers)], "status": [:],
            ]
            if let object = try? Object(parsing: value.encoded()) { running.append(object) }
        }
        return running
    }

    private var metrics: MetricsText {
        get async {
            var (running, containers) = (0, 0)
            for worker in workers {
                let count = await worker.runningContainers.count
                containers += count
                if count > 0 { running += 1 }
            }
            var text = MetricsText()
            text.add(
                "kubelet_node_name", .gauge, "The node's name. The count is always 1.",
                [([("node", configuration.nodeName)], 1)])
            text.add("kubelet_running_pods", .gauge, "Number of pods that have a running pod sandbox", Double(running))
            text.add(
                "kubelet_running_containers", .gauge, "Number of containers currently running",
                [([("container_state", "running")], Double(containers))])
            text.add(
                "kubelet_desired_pods", .gauge, "The number of pods the kubelet is being instructed to run.",
                Double(pods.count))
            text.add(
                "kubelet_pod_start_duration_seconds",
                "Duration in seconds from kubelet seeing a pod for the first time to the pod starting to run",
                services.measurements.podStart)
            text.add(
                "kubelet_evictions", .counter, "Cumulative number of pod evictions by eviction signal",
                services.measurements.evictions.sorted { $0.key < $1.key }.map {
                    ([("eviction_signal", $0.key)], Double($0.value))
                })
            let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
            let fields = (Files.text("/proc/self/stat") ?? "").split(separator: ")").last?.split(separator: " ") ?? []
            if fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
                let pages = Double(fields[21])
            {
                text.add(
                    "process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.",
                    (user + system) / ticks)
                text.add(
                    "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.",
                    pages * Double(sysconf(Int32(_SC_PAGESIZE))))
            }
            return text
        }
    }

    /// Of upstream's KubeletConfiguration what this agent is told, or has fixed.
    private var configz: JSONValue {
        [
            "kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "port": .int(configuration.kubeletPort), "maxPods": .int(configuration.maxPods),
            "clusterDomain": .string(configuration.clusterDomain),
            "clusterDNS": .array(configuration.clusterDNS.map { .string($0) }),
            "podCIDR": .string(configuration.podCIDR), "cgroupDriver": "cgroupfs",
            "staticPodPath": .string(configuration.manifestDirectory),
            "containerRuntimeEndpoint": .string(configuration.runtimeEndpoint),
            "allowedUnsafeSysctls": .array(configuration.allowedUnsafeSysctls.map { .string($0) }),
            "authentication": ["anonymous": ["enabled": false], "webhook": ["enabled": true], "x509": [:]],
            "authorization": ["mode": "Webhook"], "enableServer": true, "nodeStatusUpdateFrequency": "10s",
            "enableDebuggingHandlers": true, "readOnlyPort": 0, "makeIPTablesUtilChains": false, "failSwapOn": false,
        ]
    }

    /// A file or a directory of the machine's own logs.
    private func systemLog(_ path: String) async throws(StatusError) -> NodeAnswer {
        do {
            return try await blocking {
                let missing = StatusError(code: 404, reason: "NotFound", message: "404 page not found")
                guard let handle = try? Files.openInside("/var/log", path) else { throw missing }
                defer { close(handle) }
                let descriptor = open(Files.handlePath(handle), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
                guard descriptor >= 0 else { throw missing }
                defer { close(descriptor) }
                var info = stat()
                fstat(descriptor, &info)
                if info.st_mode & S_IFMT == S_IFDIR {
                    let names = Files.names(in: Files.handlePath(descriptor)).sorted()
                    return .text(names.map { $0 + "\n" }.joined())
                }
                guard info.st_mode & S_IFMT == S_IFREG else { throw missing }
                let limit = 16 << 20
                if info.st_size > limit { lseek(descriptor, info.st_size - limit, SEEK_SET) }
                var bytes = [UInt8](repeating: 0, count: min(Int(info.st_size), limit))
                let count = read(descriptor, &bytes, bytes.count)
                return NodeAnswer(contentType: "text/plain; charset=utf-8", body: Array(bytes.prefix(max(0, count))))
            }
        } catch let error as StatusError {
            throw error
        } catch { throw .internalError("\(error)") }
    }
}

extension NodeAnswer {
    fileprivate static func text(_ text: String) -> NodeAnswer {
        NodeAnswer(contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
    fileprivate static func json(_ value: JSONValue) -> NodeAnswer {
        NodeAnswer(contentType: "application/json", body: value.encoded())
    }
    fileprivate static func metrics(_ metrics: MetricsText) -> NodeAnswer {
        NodeAnswer(contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(metrics.text.utf8))
    }
}
