// The fields of the Pod as one would declare them for JSONDecoder.

struct Pod: Codable {
    let kind, apiVersion: String
    let metadata: ObjectMeta
    let spec: PodSpec
    let status: PodStatus
}

struct ObjectMeta: Codable {
    let name, namespace, uid, resourceVersion, creationTimestamp: String
    let generateName: String?
    let generation: Int?
    let labels, annotations: [String: String]?
    let ownerReferences: [OwnerReference]?
}

struct OwnerReference: Codable {
    let apiVersion, kind, name, uid: String
    let controller, blockOwnerDeletion: Bool?
}

struct PodSpec: Codable {
    let volumes: [Volume]?
    let initContainers: [Container]?
    let containers: [Container]
    let restartPolicy, dnsPolicy, serviceAccountName, serviceAccount, nodeName, schedulerName, preemptionPolicy: String?
    let terminationGracePeriodSeconds, priority: Int?
    let nodeSelector: [String: String]?
    let securityContext: PodSecurityContext?
    let tolerations: [Toleration]?
    let enableServiceLinks: Bool?
}

struct PodSecurityContext: Codable { let fsGroup: Int? }

struct Toleration: Codable {
    let key, `operator`, effect: String?
    let tolerationSeconds: Int?
}

struct Volume: Codable {
    let name: String
    let configMap: ConfigMapSource?
    let emptyDir: EmptyDir?
    let secret: SecretSource?
    let projected: Projected?
}

struct KeyToPath: Codable {
    let key, path: String
    let mode: Int?
}

struct ConfigMapSource: Codable {
    let name: String
    let items: [KeyToPath]?
    let defaultMode: Int?
}

struct EmptyDir: Codable { let medium, sizeLimit: String? }

struct SecretSource: Codable {
    let secretName: String
    let defaultMode: Int?
}

struct Projected: Codable {
    let sources: [ProjectedSource]
    let defaultMode: Int?
}

struct ProjectedSource: Codable {
    let serviceAccountToken: TokenSource?
    let configMap: ConfigMapSource?
}

struct TokenSource: Codable {
    let expirationSeconds: Int?
    let path: String
}

struct Container: Codable {
    let name, image: String
    let command, args: [String]?
    let ports: [ContainerPort]?
    let env: [EnvVar]?
    let resources: Resources?
    let volumeMounts: [VolumeMount]?
    let livenessProbe, readinessProbe: Probe?
    let lifecycle: Lifecycle?
    let terminationMessagePath, terminationMessagePolicy, imagePullPolicy: String?
    let securityContext: SecurityContext?
}

struct ContainerPort: Codable {
    let name, `protocol`: String?
    let containerPort: Int
}

struct EnvVar: Codable {
    let name: String
    let value: String?
    let valueFrom: EnvVarSource?
}

struct EnvVarSource: Codable {
    let fieldRef: FieldRef?
    let secretKeyRef: KeyRef?
}

struct FieldRef: Codable { let apiVersion, fieldPath: String }
struct KeyRef: Codable { let name, key: String }
struct Resources: Codable { let limits, requests: [String: String]? }

struct VolumeMount: Codable {
    let name, mountPath: String
    let readOnly: Bool?
}

struct Probe: Codable {
    let httpGet: HTTPGet?
    let initialDelaySeconds, timeoutSeconds, periodSeconds, successThreshold, failureThreshold: Int?
}

struct HTTPGet: Codable {
    let path, scheme: String?
    let port: Int
    let httpHeaders: [HTTPHeader]?
}

struct HTTPHeader: Codable { let name, value: String }
struct Lifecycle: Codable { let preStop: LifecycleHandler? }
struct LifecycleHandler: Codable { let exec: ExecAction? }
struct ExecAction: Codable { let command: [String] }

struct SecurityContext: Codable {
    let capabilities: Capabilities?
    let runAsUser: Int?
    let runAsNonRoot, readOnlyRootFilesystem, allowPrivilegeEscalation: Bool?
}

struct Capabilities: Codable { let drop: [String]? }

struct PodStatus: Codable {
    let phase, hostIP, podIP, startTime, qosClass: String?
    let conditions: [PodCondition]?
    let podIPs: [PodIP]?
    let initContainerStatuses, containerStatuses: [ContainerStatus]?
}

struct PodCondition: Codable {
    let type, status: String
    let lastProbeTime, lastTransitionTime: String?
}

struct PodIP: Codable { let ip: String }

struct ContainerStatus: Codable {
    let name, image, imageID: String
    let state: ContainerState?
    let ready, started: Bool?
    let restartCount: Int
}

struct ContainerState: Codable {
    let running: Running?
    let terminated: Terminated?
}

struct Running: Codable { let startedAt: String? }

struct Terminated: Codable {
    let exitCode: Int
    let reason, startedAt, finishedAt: String?
}
