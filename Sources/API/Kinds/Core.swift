// core API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let core = #"""
        group core v1 core
        resource bindings Binding namespaced verbs=create
        resource componentstatuses ComponentStatus cluster verbs=get,list short=cs
          column Name name .metadata.name
          column Status string componentStatus
          column Message string componentMessage
          column Error string componentError
        resource configmaps ConfigMap namespaced short=cm
          column Name name .metadata.name
          column Data string dataCount
          column Age string age
        resource endpoints Endpoints namespaced short=ep checks=1,2
          column Name name .metadata.name
          column Endpoints string endpoints
          column Age string age
        resource events Event namespaced short=ev fields=involvedObject.kind,involvedObject.namespace,involvedObject.name,involvedObject.uid,involvedObject.apiVersion,involvedObject.resourceVersion,involvedObject.fieldPath,reason,reportingComponent,source,type name=pathSegment
          column Last_Seen string eventLastSeen
          column Type string .type
          column Reason string .reason
          column Object string eventObject
          column Subobject string .involvedObject.fieldPath wide
          column Source string eventSource wide
          column Message string eventMessage
          column First_Seen string eventFirstSeen wide
          column Count string eventCount wide
          column Name name .metadata.name wide
        resource limitranges LimitRange namespaced short=limits checks=2,1
        resource namespaces Namespace cluster verbs=create,delete,get,list,patch,update,watch short=ns fields=status.phase name=dns1123label
          sub finalize update
          sub status get,patch,update
          column Name name .metadata.name
          column Status string .status.phase
          column Age string age
        resource nodes Node cluster short=no fields=spec.unschedulable
          sub proxy /v1.NodeProxyOptions create,delete,get,patch,update
          sub status get,patch,update
          column Name name .metadata.name
          column Status string nodeStatus
          column Roles string nodeRoles
          column Age string age
          column Version string .status.nodeInfo.kubeletVersion
          column Internal-IP string nodeInternalIP wide
          column External-IP string nodeExternalIP wide
          column OS-Image string .status.nodeInfo.osImage|<unknown> wide
          column Kernel-Version string .status.nodeInfo.kernelVersion|<unknown> wide
          column Container-Runtime string .status.nodeInfo.containerRuntimeVersion|<unknown> wide
        resource persistentvolumeclaims PersistentVolumeClaim namespaced short=pvc
          sub status get,patch,update
          column Name name .metadata.name
          column Status string phase
          column Volume string .spec.volumeName
          column Capacity string claimCapacity
          column Access_Modes string claimAccessModes
          column StorageClass string storageClass
          column VolumeAttributesClass string .spec.volumeAttributesClassName|<unset>
          column Age string age
          column VolumeMode string .spec.volumeMode|<unset> wide
        resource persistentvolumes PersistentVolume cluster short=pv
          sub status get,patch,update
          column Name name .metadata.name
          column Capacity string .spec.capacity.storage
          column Access_Modes string accessModes(.spec.accessModes)
          column Reclaim_Policy string .spec.persistentVolumeReclaimPolicy
          column Status string phase
          column Claim string claim
          column StorageClass string storageClass
          column VolumeAttributesClass string .spec.volumeAttributesClassName|<unset>
          column Reason string .status.reason
          column Age string age
          column VolumeMode string .spec.volumeMode|<unset> wide
        resource pods Pod namespaced short=po categories=all generation fields=spec.nodeName,spec.restartPolicy,spec.schedulerName,spec.serviceAccountName,spec.hostNetwork,status.phase,status.podIP,status.nominatedNodeName
          sub attach /v1.PodAttachOptions create,get
          sub binding /v1.Binding create
          sub ephemeralcontainers get,patch,update
          sub eviction policy/v1.Eviction create
          sub exec /v1.PodExecOptions create,get
          sub log get
          sub portforward /v1.PodPortForwardOptions create,get
          sub proxy /v1.PodProxyOptions create,delete,get,patch,update
          sub resize get,patch,update
          sub status get,patch,update
          column Name name .metadata.name
          column Ready string podReady
          column Status string podStatus
          column Restarts string podRestarts
          column Age string age
          column IP string .status.podIP|<none> wide
          column Node string .spec.nodeName|<none> wide
          column Nominated_Node string .status.nominatedNodeName|<none> wide
          column Readiness_Gates string podReadinessGates wide
        resource podtemplates PodTemplate namespaced generation checks=1,2
          column Name name .metadata.name
          column Containers string containers(.template.spec)
          column Images string images(.template.spec)
          column Pod_Labels string labels(.template.metadata.labels)
        resource replicationcontrollers ReplicationController namespaced short=rc categories=all generation fields=status.replicas
          sub scale autoscaling/v1.Scale get,patch,update
          sub status get,patch,update
          column Name name .metadata.name
          column Desired integer .spec.replicas
          column Current integer .status.replicas
          column Ready integer .status.readyReplicas
          column Age string age
          column Containers string containers(.spec.template.spec) wide
          column Images string images(.spec.template.spec) wide
          column Selector string labels(.spec.selector) wide
        resource resourcequotas ResourceQuota namespaced short=quota checks=1,2
          sub status get,patch,update
          column Name name .metadata.name
          column Request string quotaRequests
          column Limit string quotaLimits
          column Age string age
        resource secrets Secret namespaced fields=type
          column Name name .metadata.name
          column Type string .type
          column Data string dataCount
          column Age string age
        resource serviceaccounts ServiceAccount namespaced short=sa
          sub token authentication.k8s.io/v1.TokenRequest create
          column Name name .metadata.name
          column Age string age
        resource services Service namespaced short=svc categories=all fields=spec.clusterIP,spec.type name=dns1123label
          sub proxy /v1.ServiceProxyOptions create,delete,get,patch,update
          sub status get,patch,update
          column Name name .metadata.name
          column Type string .spec.type
          column Cluster-IP string serviceClusterIP
          column External-IP string serviceExternalIP
          column Port(s) string servicePorts
          column Age string age
          column Selector string labels(.spec.selector) wide
        type AWSElasticBlockStoreVolumeSource
          fsType string @2
          partition int32 @3
          readOnly bool @4
          volumeID! string @1
        type Affinity
          nodeAffinity NodeAffinity @1
          podAffinity PodAffinity @2
          podAntiAffinity PodAntiAffinity @3
        type AppArmorProfile
          localhostProfile string @2
          type! string enum(Localhost|RuntimeDefault|Unconfined) @1
        type AttachedVolume
          devicePath string = "" @2
          name string = "" @1
        type AzureDiskVolumeSource
          cachingMode string = ReadWrite @3
          diskName! string @1
          diskURI! string @2
          fsType string = ext4 @4
          kind string = Shared @6
          readOnly bool = false @5
        type AzureFilePersistentVolumeSource
          readOnly bool @3
          secretName! string @1
          secretNamespace string @4
          shareName! string @2
        type AzureFileVolumeSource
          readOnly bool @3
          secretName! string @1
          shareName! string @2
        kind Binding
          target ObjectReference = {} @2
        type CSIPersistentVolumeSource
          controllerExpandSecretRef SecretReference @9
          controllerPublishSecretRef SecretReference @6
          driver! string @1
          fsType string @4
          nodeExpandSecretRef SecretReference @10
          nodePublishSecretRef SecretReference @8
          nodeStageSecretRef SecretReference @7
          readOnly bool @3
          volumeAttributes {string} @5
          volumeHandle! string @2
        type CSIVolumeSource
          driver! string @1
          fsType string @3
          nodePublishSecretRef LocalObjectReference @5
          readOnly *bool @2
          volumeAttributes {string} @4
        type Capabilities
          add [string] @1
          drop [string] @2
        type CephFSPersistentVolumeSource
          monitors! [string] @1
          path string @2
          readOnly bool @6
          secretFile string @4
          secretRef SecretReference @5
          user string @3
        type CephFSVolumeSource
          monitors! [string] @1
          path string @2
          readOnly bool @6
          secretFile string @4
          secretRef LocalObjectReference @5
          user string @3
        type CinderPersistentVolumeSource
          fsType string @2
          readOnly bool @3
          secretRef SecretReference @4
          volumeID! string @1
        type CinderVolumeSource
          fsType string @2
          readOnly bool @3
          secretRef LocalObjectReference @4
          volumeID! string @1
        type ClientIPConfig
          timeoutSeconds *int32 @1
        type ClusterTrustBundleProjection
          labelSelector meta.LabelSelector @3
          name string @1
          optional *bool @5
          path! string format(localPath) @4
          signerName string @2
        type ComponentCondition
          error string @4
          message string @3
          status string = "" @2
          type string = "" @1
        kind ComponentStatus
          conditions [ComponentCondition] map(type) patch(type) @2
        kind ConfigMap # Configuration as keys and values.
          binaryData {bytes} format(configMapKeys) @3 # Values that are no text, in base64.
          data {string} format(configMapKeys) @2 # Values that are text.
          immutable *bool @4 # When true, the data can no longer be changed.
        type ConfigMapEnvSource
          name string @1.1
          optional *bool @2
        type ConfigMapKeySelector atomic
          key! string format(configMapKeys) @2
          name string @1.1
          optional *bool @3
        type ConfigMapNodeConfigSource
          kubeletConfigKey! string @5
          name! string @2
          namespace! string @1
          resourceVersion string @4
          uid string @3
        type ConfigMapProjection
          items [KeyToPath] @2
          name string @1.1
          optional *bool @4
        type ConfigMapVolumeSource
          defaultMode *int32 = 420 range(0,511) @3
          items [KeyToPath] @2
          name string @1.1
          optional *bool @4
        type Container # One container of a pod.
          args [string] @4 # Arguments for the command; the image's own when empty.
          command [string] @3 # The program to run; the image's entry point when empty.
          env [EnvVar] map(name) patch(name) @7 # Environment variables.
          envFrom [EnvFromSource] @19 # ConfigMaps and Secrets whose keys become environment variables.
          image string @2 # The image's name.
          imagePullPolicy string enum(Always|IfNotPresent|Never) @14 # When the image is pulled: Always, IfNotPresent or Never.
          lifecycle Lifecycle @12 # What to do after the container starts and before it stops.
          livenessProbe Probe @10 # When this check fails, the container is started again.
          name! string format(dns1123label) @1 # The container's name, unique in the pod.
          ports [ContainerPort] map(containerPort,protocol) patch(containerPort) @6 # Ports the container listens on.
          readinessProbe Probe @11 # While this check fails, the pod gets no traffic.
          resizePolicy [ContainerResizePolicy] @23 # Whether changed resources need a restart.
          resources ResourceRequirements = {} @8 # CPU, memory and others that the container requests and is limited to.
          restartPolicy string enum(Always|Never|OnFailure) @24 # For init containers: Always makes a sidecar of it.
          restartPolicyRules [ContainerRestartRule]
          securityContext SecurityContext @15 # Users, privileges and other security settings of the container.
          startupProbe Probe @22 # Until this check succeeds, the other checks wait.
          stdin bool @16 # Keep standard input open.
          stdinOnce bool @17 # Close standard input when the first client leaves.
          terminationMessagePath string = /dev/termination-log @13 # The file whose text becomes the message of how the container ended.
          terminationMessagePolicy string = File enum(File|FallbackToLogsOnError) @20 # Whether that text comes from the file alone, or from the log after errors.
          tty bool @18 # Give the container a terminal.
          volumeDevices [VolumeDevice] map(devicePath) patch(devicePath) @21 # Block devices the container uses.
          volumeMounts [VolumeMount] map(mountPath) patch(mountPath) @9 # Volumes mounted into the container.
          workingDir string @5 # The directory the command starts in.
        type ContainerExtendedResourceRequest
          containerName! string
          requestName! string
          resourceName! string
        type ContainerImage
          names [string] @1
          sizeBytes int64 @2
        type ContainerPort # A port a container listens on.
          containerPort! int32 range(1,65535) @3 # The port's number.
          hostIP string @5 # The address of the node that the host port is bound to.
          hostPort int32 range(1,65535) @2 # The port of the node that leads here.
          name string format(portName) @1 # A name that services can refer to.
          protocol string = TCP enum(SCTP|TCP|UDP) @4 # TCP, UDP or SCTP.
        type ContainerResizePolicy
          resourceName! string unchecked @1
          restartPolicy! string unchecked @2
        type ContainerRestartRule
          action! string
          exitCodes ContainerRestartRuleOnExitCodes
        type ContainerRestartRuleOnExitCodes
          operator! string
          values [int32] set
        type ContainerState
          running ContainerStateRunning @2
          terminated ContainerStateTerminated @3
          waiting ContainerStateWaiting @1
        type ContainerStateRunning
          startedAt time = null @1
        type ContainerStateTerminated
          containerID string @7
          exitCode int32 = 0 @1
          finishedAt time = null @6
          message string @4
          reason string @3
          signal int32 @2
          startedAt time = null @5
        type ContainerStateWaiting
          message string @2
          reason string @1
        type ContainerStatus
          allocatedResources {quantity} @10
          allocatedResourcesStatus [ResourceStatus] map(name) patch(name) @14
          containerID string @8
          image string = "" @6
          imageID string = "" @7
          lastState ContainerState = {} @3
          name string = "" @1
          ready bool = false @4
          resources ResourceRequirements @11
          restartCount int32 = 0 @5
          started *bool @9
          state ContainerState = {} @2
          stopSignal string @15
          user ContainerUser @13
          volumeMounts [VolumeMountStatus] map(mountPath) patch(mountPath) @12
        type ContainerUser
          linux LinuxContainerUser @1
        type DaemonEndpoint
          Port int32 = 0 @1
        type DownwardAPIProjection
          items [DownwardAPIVolumeFile] unvalidated @1
        type DownwardAPIVolumeFile
          fieldRef ObjectFieldSelector @2
          mode *int32 range(0,511) @4
          path! string format(localPath) @1
          resourceFieldRef ResourceFieldSelector @3
        type DownwardAPIVolumeSource
          defaultMode *int32 = 420 range(0,511) @2
          items [DownwardAPIVolumeFile] unvalidated @1
        type EmptyDirVolumeSource
          medium string @1
          sizeLimit quantity @2
        type EndpointAddress atomic
          hostname string @3
          ip! string unchecked @1
          nodeName string format(dns1123subdomain) @4
          targetRef ObjectReference @2
        type EndpointPort atomic
          appProtocol string format(qualifiedName) @4
          name string format(dns1123label) @1
          port! int32 range(1,65535) unchecked @2
          protocol string = TCP enum(SCTP|TCP|UDP) @3
        type EndpointSubset
          addresses [EndpointAddress] @1
          notReadyAddresses [EndpointAddress] @2
          ports [EndpointPort] @3
        kind Endpoints # The addresses behind a service. Deprecated in favour of EndpointSlice.
          subsets [EndpointSubset] @2
        type EnvFromSource
          configMapRef ConfigMapEnvSource @2
          prefix string @1
          secretRef SecretEnvSource @3
        type EnvVar # An environment variable.
          name! string format(envVarName) @1 # The variable's name.
          value string @2 # Its value; $(NAME) stands for the value of another variable.
          valueFrom EnvVarSource @3 # Where the value comes from instead.
        type EnvVarSource # Where the value of an environment variable comes from; one of these.
          configMapKeyRef ConfigMapKeySelector @3 # A key of a ConfigMap.
          fieldRef ObjectFieldSelector @1 # A field of the pod.
          fileKeyRef FileKeySelector
          resourceFieldRef ResourceFieldSelector @2 # A request or limit of a container.
          secretKeyRef SecretKeySelector @4 # A key of a Secret.
        type EphemeralContainer # A container for debugging a running pod.
          args [string] @1.4 # Arguments for the command; the image's own when empty.
          command [string] @1.3 # The program to run; the image's entry point when empty.
          env [EnvVar] map(name) patch(name) @1.7 # Environment variables.
          envFrom [EnvFromSource] @1.19 # ConfigMaps and Secrets whose keys become environment variables.
          image string @1.2 # The image's name.
          imagePullPolicy string enum(Always|IfNotPresent|Never) @1.14 # When the image is pulled: Always, IfNotPresent or Never.
          lifecycle Lifecycle @1.12 # What to do after the container starts and before it stops.
          livenessProbe Probe @1.10 # When this check fails, the container is started again.
          name! string format(dns1123label) @1.1 # The container's name, unique in the pod.
          ports [ContainerPort] map(containerPort,protocol) patch(containerPort) @1.6 # Ports the container listens on.
          readinessProbe Probe @1.11 # While this check fails, the pod gets no traffic.
          resizePolicy [ContainerResizePolicy] @1.23 # Whether changed resources need a restart.
          resources ResourceRequirements = {} @1.8 # CPU, memory and others that the container requests and is limited to.
          restartPolicy string enum(Always|Never|OnFailure) @1.24 # For init containers: Always makes a sidecar of it.
          restartPolicyRules [ContainerRestartRule]
          securityContext SecurityContext @1.15 # Users, privileges and other security settings of the container.
          startupProbe Probe @1.22 # Until this check succeeds, the other checks wait.
          stdin bool @1.16 # Keep standard input open.
          stdinOnce bool @1.17 # Close standard input when the first client leaves.
          targetContainerName string @2
          terminationMessagePath string = /dev/termination-log @1.13 # The file whose text becomes the message of how the container ended.
          terminationMessagePolicy string = File enum(File|FallbackToLogsOnError) @1.20 # Whether that text comes from the file alone, or from the log after errors.
          tty bool @1.18 # Give the container a terminal.
          volumeDevices [VolumeDevice] map(devicePath) patch(devicePath) @1.21 # Block devices the container uses.
          volumeMounts [VolumeMount] map(mountPath) patch(mountPath) @1.9 # Volumes mounted into the container.
          workingDir string @1.5 # The directory the command starts in.
        type EphemeralVolumeSource
          volumeClaimTemplate PersistentVolumeClaimTemplate @1
        kind Event # Something that happened to an object.
          action string @12
          count int32 @8
          eventTime microtime = null @10
          firstTimestamp time = null @6
          involvedObject ObjectReference = {} @2
          lastTimestamp time = null @7
          message string @4
          reason string @3
          related ObjectReference @13
          reportingComponent string = "" @14
          reportingInstance string = "" @15
          series EventSeries @11
          source EventSource = {} @5
          type string @9
        type EventSeries
          count int32 @1
          lastObservedTime microtime @2
        type EventSource
          component string @1
          host string @2
        type ExecAction
          command [string] @1
        type FCVolumeSource
          fsType string @3
          lun *int32 @2
          readOnly bool @4
          targetWWNs [string] @1
          wwids [string] @5
        type FileKeySelector atomic
          key! string
          optional *bool
          path! string
          volumeName! string
        type FlexPersistentVolumeSource
          driver! string @1
          fsType string @2
          options {string} @5
          readOnly bool @4
          secretRef SecretReference @3
        type FlexVolumeSource
          driver! string @1
          fsType string @2
          options {string} @5
          readOnly bool @4
          secretRef LocalObjectReference @3
        type FlockerVolumeSource
          datasetName string @1
          datasetUUID string @2
        type GCEPersistentDiskVolumeSource
          fsType string @2
          partition int32 @3
          pdName! string @1
          readOnly bool @4
        type GRPCAction
          port! int32 range(1,65535) unchecked @1
          service string = "" @2
        type GitRepoVolumeSource
          directory string format(relativePath) @3
          repository! string @1
          revision string @2
        type GlusterfsPersistentVolumeSource
          endpoints! string @1
          endpointsNamespace string @4
          path! string @2
          readOnly bool @3
        type GlusterfsVolumeSource
          endpoints! string @1
          path! string @2
          readOnly bool @3
        type HTTPGetAction
          host string @3
          httpHeaders [HTTPHeader] @5
          path string = / @1
          port intstr port @2
          scheme string = HTTP enum(HTTP|HTTPS) @4
        type HTTPHeader
          name! string unchecked @1
          value! string unchecked @2
        type HostAlias
          hostnames [string] @2
          ip! string unchecked @1
        type HostIP
          ip! string @1
        type HostPathVolumeSource
          path! string format(hostPath) @1
          type *string = "" enum(|DirectoryOrCreate|Directory|FileOrCreate|File|Socket|CharDevice|BlockDevice) @2
        type ISCSIPersistentVolumeSource
          chapAuthDiscovery bool @8
          chapAuthSession bool @11
          fsType string @5
          initiatorName string @12
          iqn! string @2
          iscsiInterface string = default @4
          lun! *int32 = 0 @3
          portals [string] @7
          readOnly bool @6
          secretRef SecretReference @10
          targetPortal! string @1
        type ISCSIVolumeSource
          chapAuthDiscovery bool @8
          chapAuthSession bool @11
          fsType string @5
          initiatorName string @12
          iqn! string @2
          iscsiInterface string = default @4
          lun! *int32 = 0 @3
          portals [string] @7
          readOnly bool @6
          secretRef LocalObjectReference @10
          targetPortal! string @1
        type ImageVolumeSource
          pullPolicy string enum(Always|IfNotPresent|Never) @2
          reference string @1
        type ImageVolumeStatus
          imageRef string = ""
        type KeyToPath
          key! string @1
          mode *int32 range(0,511) @3
          path! string format(localPath) @2
        type Lifecycle
          postStart LifecycleHandler @1
          preStop LifecycleHandler @2
          stopSignal string @3
        type LifecycleHandler
          oneof! exec|httpGet|tcpSocket|sleep
          exec ExecAction @1
          httpGet HTTPGetAction @2
          sleep SleepAction @4
          tcpSocket TCPSocketAction @3
        kind LimitRange # Defaults and bounds for the resources of pods in a namespace.
          spec LimitRangeSpec = {} @2
        type LimitRangeItem
          default {quantity} @4
          defaultRequest {quantity} @5
          max {quantity} @2
          maxLimitRequestRatio {quantity} @6
          min {quantity} @3
          type! string unchecked @1
        type LimitRangeSpec
          limits [LimitRangeItem] = null @1
        type LinuxContainerUser
          gid int64 = 0 @2
          supplementalGroups [int64] @3
          uid int64 = 0 @1
        type LoadBalancerIngress
          hostname string @2
          ip string @1
          ipMode string @3
          ports [PortStatus] @4
        type LoadBalancerStatus
          ingress [LoadBalancerIngress] @1
        type LocalObjectReference atomic
          name string @1
        type LocalVolumeSource
          fsType string @2
          path! string format(hostPath) @1
        type ModifyVolumeStatus
          status string = "" @2
          targetVolumeAttributesClassName string @1
        type NFSVolumeSource
          path! string format(absolutePath) @2
          readOnly bool @3
          server! string @1
        kind Namespace # A space of names for objects of a team or an application.
          spec NamespaceSpec = {} @2
          status NamespaceStatus = {} @3
        type NamespaceCondition
          lastTransitionTime time @4
          message string @6
          reason string @5
          status string = "" @2
          type string = "" @1
        type NamespaceSpec
          finalizers [string] @1
        type NamespaceStatus
          conditions [NamespaceCondition] map(type) patch(type) @2
          phase string = Active @1
        kind Node # A machine that runs pods.
          spec NodeSpec = {} @2
          status NodeStatus = {} @3
        type NodeAddress
          address string = "" @2
          type string = "" @1
        type NodeAffinity
          preferredDuringSchedulingIgnoredDuringExecution [PreferredSchedulingTerm] @2
          requiredDuringSchedulingIgnoredDuringExecution NodeSelector @1
        type NodeAllocatableResourceClaimStatus
          containers [string] set
          resourceClaimName string = ""
          resources {quantity} = null
        type NodeCondition
          lastHeartbeatTime time = null @3
          lastTransitionTime time = null @4
          message string @6
          reason string @5
          status string = "" @2
          type string = "" @1
        type NodeConfigSource
          configMap ConfigMapNodeConfigSource @2
        type NodeConfigStatus
          active NodeConfigSource @2
          assigned NodeConfigSource @1
          error string @4
          lastKnownGood NodeConfigSource @3
        type NodeDaemonEndpoints
          kubeletEndpoint DaemonEndpoint = {} @1
        type NodeFeatures
          supplementalGroupsPolicy *bool @1
        type NodeRuntimeHandler
          features NodeRuntimeHandlerFeatures @2
          name string @1
        type NodeRuntimeHandlerFeatures
          recursiveReadOnlyMounts *bool @1
          userNamespaces *bool @2
        type NodeSelector atomic
          nodeSelectorTerms! [NodeSelectorTerm] @1
        type NodeSelectorRequirement
          key! string unchecked @1
          operator! string unchecked @2
          values [string] @3
        type NodeSelectorTerm atomic
          matchExpressions [NodeSelectorRequirement] @1
          matchFields [NodeSelectorRequirement] @2
        type NodeSpec # What is wanted of a node.
          configSource NodeConfigSource @6
          externalID string @2
          podCIDR string @1 # The block of addresses for pods on the node.
          podCIDRs [string] set patch @7
          providerID string @3
          taints [Taint] unvalidated @5 # Marks that keep pods away unless they tolerate them.
          unschedulable bool @4 # When true, no new pods are placed here.
        type NodeStatus
          addresses [NodeAddress] map(type) patch(type) @5
          allocatable {quantity} @2
          capacity {quantity} @1
          conditions [NodeCondition] map(type) patch(type) @4
          config NodeConfigStatus @11
          daemonEndpoints NodeDaemonEndpoints = {} @6
          declaredFeatures [string]
          features NodeFeatures @13
          images [ContainerImage] @8
          nodeInfo NodeSystemInfo = {} @7
          phase string @3
          runtimeHandlers [NodeRuntimeHandler] @12
          volumesAttached [AttachedVolume] @10
          volumesInUse [string] @9
        type NodeSwapStatus
          capacity *int64 @1
        type NodeSystemInfo
          architecture string = "" @10
          bootID string = "" @3
          containerRuntimeVersion string = "" @6
          kernelVersion string = "" @4
          kubeProxyVersion string = "" @8
          kubeletVersion string = "" @7
          machineID string = "" @1
          operatingSystem string = "" @9
          osImage string = "" @5
          swap NodeSwapStatus @11
          systemUUID string = "" @2
        type ObjectFieldSelector atomic
          apiVersion string = v1 @1
          fieldPath! string @2
        type ObjectReference atomic
          apiVersion string @5
          fieldPath string @7
          kind string @1
          name string @3
          namespace string @2
          resourceVersion string @6
          uid string @4
        kind PersistentVolume # A piece of storage of the cluster.
          spec PersistentVolumeSpec = {} @2
          status PersistentVolumeStatus = {} @3
        kind PersistentVolumeClaim # A wish for storage.
          spec PersistentVolumeClaimSpec = {} @2 # What storage is wanted.
          status PersistentVolumeClaimStatus = {} @3 # What the claim got.
        type PersistentVolumeClaimCondition
          lastProbeTime time = null @3
          lastTransitionTime time = null @4
          message string @6
          reason string @5
          status string = "" @2
          type string = "" @1
        type PersistentVolumeClaimSpec # What storage is wanted.
          accessModes [string] @1 # How the volume will be mounted: ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod.
          dataSource TypedLocalObjectReference @7 # A snapshot or claim to start from.
          dataSourceRef TypedObjectReference @8 # As dataSource, with any kind of object.
          resources VolumeResourceRequirements = {} @2 # How much storage at least.
          selector meta.LabelSelector @4 # Labels of volumes to choose from.
          storageClassName *string @5 # The class of storage; the default class when left out, none when empty.
          volumeAttributesClassName *string @9 # The class of attributes such as throughput.
          volumeMode string = Filesystem enum(Block|Filesystem) @6 # Filesystem or Block.
          volumeName string @3 # The volume that is bound.
        type PersistentVolumeClaimStatus
          accessModes [string] @2
          allocatedResourceStatuses {string} @7
          allocatedResources {quantity} @5
          capacity {quantity} @3
          conditions [PersistentVolumeClaimCondition] map(type) patch(type) @4
          currentVolumeAttributesClassName string @8
          modifyVolumeStatus ModifyVolumeStatus @9
          phase string = Pending @1
        type PersistentVolumeClaimTemplate
          metadata meta.ObjectMeta @1
          spec PersistentVolumeClaimSpec = {} @2
        type PersistentVolumeClaimVolumeSource
          claimName! string @1
          readOnly bool @2
        type PersistentVolumeSpec # Where the storage is and how it may be used.
          oneof! hostPath|gcePersistentDisk|awsElasticBlockStore|glusterfs|flocker|nfs|rbd|quobyte|cephfs|iscsi|cinder|fc|flexVolume|azureFile|vsphereVolume|photonPersistentDisk|portworxVolume|azureDisk|scaleIO|local|storageos|csi
          accessModes [string] @3 # How the volume can be mounted.
          awsElasticBlockStore AWSElasticBlockStoreVolumeSource @2.2
          azureDisk AzureDiskVolumeSource @2.16
          azureFile AzureFilePersistentVolumeSource @2.13
          capacity {quantity} @1 # Its size.
          cephfs CephFSPersistentVolumeSource @2.9
          cinder CinderPersistentVolumeSource @2.8
          claimRef ObjectReference @4 # The claim it is bound to.
          csi CSIPersistentVolumeSource @2.22
          fc FCVolumeSource @2.10
          flexVolume FlexPersistentVolumeSource @2.12
          flocker FlockerVolumeSource @2.11
          gcePersistentDisk GCEPersistentDiskVolumeSource @2.1
          glusterfs GlusterfsPersistentVolumeSource @2.4
          hostPath HostPathVolumeSource @2.3 # A directory of the node, for single-node clusters.
          iscsi ISCSIPersistentVolumeSource @2.7
          local LocalVolumeSource @2.20 # A disk of a node.
          mountOptions [string] @7 # Options for mounting.
          nfs NFSVolumeSource @2.5
          nodeAffinity VolumeNodeAffinity @9 # From which nodes it can be reached.
          persistentVolumeReclaimPolicy string = Retain enum(Delete|Recycle|Retain) @5 # What happens to it after its claim is gone: Retain, Delete or Recycle.
          photonPersistentDisk PhotonPersistentDiskVolumeSource @2.17
          portworxVolume PortworxVolumeSource @2.18
          quobyte QuobyteVolumeSource @2.15
          rbd RBDPersistentVolumeSource @2.6
          scaleIO ScaleIOPersistentVolumeSource @2.19
          storageClassName string @6 # The class it belongs to.
          storageos StorageOSPersistentVolumeSource @2.21
          volumeAttributesClassName *string @10
          volumeMode string = Filesystem enum(Block|Filesystem) @8 # Filesystem or Block.
          vsphereVolume VsphereVirtualDiskVolumeSource @2.14
        type PersistentVolumeStatus
          lastPhaseTransitionTime time @4
          message string @2
          phase string = Pending @1
          reason string @3
        type PhotonPersistentDiskVolumeSource
          fsType string @2
          pdID! string @1
        kind Pod # One or more containers that run together on a node.
          spec PodSpec = {} @2 # What is wanted of the pod.
          status PodStatus = {} @3 # What was last seen of the pod. Written by the node.
        type PodAffinity
          preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm] @2
          requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm] @1
        type PodAffinityTerm
          labelSelector meta.LabelSelector @1
          matchLabelKeys [string] @5
          mismatchLabelKeys [string] @6
          namespaceSelector meta.LabelSelector @4
          namespaces [string] @2
          topologyKey! string @3
        type PodAntiAffinity
          preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm] @2
          requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm] @1
        type PodCertificateProjection
          certificateChainPath string
          credentialBundlePath string
          keyPath string
          keyType! string
          maxExpirationSeconds *int32
          signerName! string
          userAnnotations {string}
        type PodCondition
          lastProbeTime time = null @3
          lastTransitionTime time = null @4
          message string @6
          observedGeneration int64 @7
          reason string @5
          status string = "" @2
          type string = "" @1
        type PodDNSConfig
          nameservers [string] @1
          options [PodDNSConfigOption] @3
          searches [string] @2
        type PodDNSConfigOption
          name string @1
          value *string @2
        type PodExtendedResourceClaimStatus
          requestMappings [ContainerExtendedResourceRequest] = null
          resourceClaimName string = ""
        type PodIP
          ip! string @1
        type PodOS
          name! string @1
        type PodReadinessGate
          conditionType! string unchecked @1
        type PodResourceClaim
          name! string format(dns1123label) @1
          resourceClaimName string @3
          resourceClaimTemplateName string @4
        type PodResourceClaimStatus
          name string = "" @1
          resourceClaimName string @2
        type PodSchedulingGate
          name! string unchecked @1
        type PodSchedulingGroup
          podGroupName string
        type PodSecurityContext # Security settings of all containers of a pod.
          appArmorProfile AppArmorProfile @11
          fsGroup *int64 format(userID) @5 # The group that owns the files of volumes.
          fsGroupChangePolicy string enum(OnRootMismatch|Always) @9 # When ownership of volumes is changed: OnRootMismatch or Always.
          runAsGroup *int64 format(userID) @6 # The group id of the processes.
          runAsNonRoot *bool @3 # Refuse to run as root.
          runAsUser *int64 format(userID) @2 # The user id of the processes.
          seLinuxChangePolicy string enum(MountOption|Recursive) @13
          seLinuxOptions SELinuxOptions @1
          seccompProfile SeccompProfile @10 # Which system calls are allowed.
          supplementalGroups [int64] format(userID) @4 # More groups of the processes.
          supplementalGroupsPolicy string enum(Merge|Strict) @12
          sysctls [Sysctl] @7 # Kernel parameters of the pod.
          windowsOptions WindowsSecurityContextOptions @8
        type PodSpec # What a pod consists of and how it runs.
          activeDeadlineSeconds *int64 range(1,2147483647) @5 # Seconds after which the pod is stopped and counts as failed.
          affinity Affinity @18 # Rules about nodes and other pods that attract or repel this pod.
          automountServiceAccountToken *bool @21 # Whether the service account's token is mounted into the containers.
          containers! [Container] map(name) patch(name) @2 # The containers of the pod; at least one.
          dnsConfig PodDNSConfig @26 # DNS servers, search domains and options besides those of dnsPolicy.
          dnsPolicy string = ClusterFirst enum(ClusterFirst|ClusterFirstWithHostNet|Default|None) @6 # Where names are looked up: ClusterFirst, ClusterFirstWithHostNet, Default or None.
          enableServiceLinks *bool @30 # Whether the services of the namespace appear as environment variables.
          ephemeralContainers [EphemeralContainer] map(name) patch(name) @34 # Containers for debugging, added to a running pod.
          hostAliases [HostAlias] map(ip) patch(ip) @23 # Entries for the hosts file of the containers.
          hostIPC bool @13 # Use the node's IPC namespace.
          hostNetwork bool @11 # Use the node's network.
          hostPID bool @12 # Use the node's process namespace.
          hostUsers *bool @37 # Use the node's user namespace; false gives the pod its own.
          hostname string format(dns1123label) @16 # The pod's host name; its own name when empty.
          hostnameOverride string
          imagePullSecrets [LocalObjectReference] map(name) patch(name) @15 # Secrets with credentials for pulling images.
          initContainers [Container] map(name) patch(name) @20 # Containers that run to their end, one after the other, before the others start.
          nodeName string format(dns1123subdomain) @10 # The node the pod runs on. The scheduler sets it.
          nodeSelector {string} atomic format(labels) @7 # Labels a node must have for the pod to run on it.
          os PodOS @36 # The operating system the pod is made for.
          overhead {quantity} @32 # What running the pod costs besides its containers, from its runtime class.
          preemptionPolicy string enum(Never|PreemptLowerPriority) @31 # Whether pods of lower priority may be displaced: PreemptLowerPriority or Never.
          priority *int32 @25 # The number behind the priority class.
          priorityClassName string format(dns1123subdomain) @24 # The name of the pod's priority class.
          readinessGates [PodReadinessGate] @28 # Conditions that must hold, besides ready containers, for the pod to be ready.
          resourceClaims [PodResourceClaim] map(name) patch(name) retainKeys @39 # Claims of devices that containers can use.
          resources ResourceRequirements @40 # What the pod as a whole requests and is limited to.
          restartPolicy string = Always enum(Always|OnFailure|Never) @3 # When ended containers are started again: Always, OnFailure or Never.
          runtimeClassName string format(dns1123subdomain) @29 # The runtime class that runs the pod.
          schedulerName string = default-scheduler @19 # The scheduler that places the pod.
          schedulingGates [PodSchedulingGate] map(name) patch(name) @38 # Names of what must be removed before the pod is scheduled.
          schedulingGroup PodSchedulingGroup
          securityContext *PodSecurityContext = {} @14 # Users, groups and other security settings for all containers.
          serviceAccount string @9 # The old name of serviceAccountName.
          serviceAccountName string format(dns1123subdomain) @8 # The service account the pod acts as.
          setHostnameAsFQDN *bool @35 # Use the full domain name as host name.
          shareProcessNamespace *bool @27 # Containers see each other's processes.
          subdomain string format(dns1123label) @17 # The pod's domain within the cluster's.
          terminationGracePeriodSeconds *int64 = 30 min(0) @4 # Seconds containers get to end after they were asked to.
          tolerations [Toleration] @22 # Taints of nodes the pod puts up with.
          topologySpreadConstraints [TopologySpreadConstraint] map(topologyKey,whenUnsatisfiable) patch(topologyKey) @33 # How pods spread over zones, nodes or other groups.
          volumes [Volume] map(name) unique patch(name) retainKeys @1 # Volumes that containers can mount.
        type PodStatus # What was last seen of a pod.
          allocatedResources {quantity}
          conditions [PodCondition] map(type) patch(type) @2 # Steps of the pod's life, such as PodScheduled, Initialized and Ready.
          containerStatuses [ContainerStatus] @8 # The state of each container.
          ephemeralContainerStatuses [ContainerStatus] @13
          extendedResourceClaimStatus PodExtendedResourceClaimStatus
          hostIP string @5 # The address of the node.
          hostIPs [HostIP] patch(ip) @16
          initContainerStatuses [ContainerStatus] @10 # The state of each init container.
          message string @3 # Why the pod is as it is, for people.
          nodeAllocatableResourceClaimStatuses [NodeAllocatableResourceClaimStatus]
          nominatedNodeName string @11
          observedGeneration int64 @17
          phase string = Pending @1 # Pending, Running, Succeeded, Failed or Unknown.
          podIP string @6 # The pod's address.
          podIPs [PodIP] map(ip) patch(ip) @12 # The pod's addresses, one for each family.
          qosClass string @9 # Guaranteed, Burstable or BestEffort, from requests and limits.
          reason string @4 # Why the pod is as it is, in a word.
          resize string @14
          resourceClaimStatuses [PodResourceClaimStatus] map(name) patch(name) retainKeys @15
          resources ResourceRequirements
          startTime time @7 # When the node took the pod on.
        kind PodTemplate # A template for pods that is stored by itself.
          template PodTemplateSpec = {} @2
        type PodTemplateSpec # What pods made from this are like.
          metadata meta.ObjectMeta = {} unvalidated @1 # Labels and annotations of the pods.
          spec PodSpec = {} @2 # What is wanted of the pods.
        type PortStatus
          error string @3
          port int32 = 0 @1
          protocol string = "" @2
        type PortworxVolumeSource
          fsType string @2
          readOnly bool @3
          volumeID! string @1
        type PreferredSchedulingTerm
          preference NodeSelectorTerm = {} @2
          weight! int32 range(1,100) unchecked @1
        type Probe # A check that the node makes again and again.
          oneof! exec|httpGet|tcpSocket|grpc
          exec ExecAction @1.1 # A command to run in the container; it succeeds with exit code 0.
          failureThreshold int32 = 3 min(0) @6 # Failures in a row that count as one.
          grpc GRPCAction @1.4 # A gRPC health check.
          httpGet HTTPGetAction @1.2 # An HTTP request; it succeeds with a code from 200 to 399.
          initialDelaySeconds int32 min(0) @2 # Seconds to wait before the first check.
          periodSeconds int32 = 10 min(0) @4 # Seconds between checks.
          successThreshold int32 = 1 min(0) @5 # Successes in a row that count as one.
          tcpSocket TCPSocketAction @1.3 # A TCP connection.
          terminationGracePeriodSeconds *int64 @7 # Seconds to end after this check failed, instead of the pod's.
          timeoutSeconds int32 = 1 min(0) @3 # Seconds a check may take.
        type ProjectedVolumeSource
          defaultMode *int32 = 420 range(0,511) @2
          sources [VolumeProjection] @1
        type QuobyteVolumeSource
          group string @5
          readOnly bool @3
          registry! string @1
          tenant string @6
          user string @4
          volume! string @2
        type RBDPersistentVolumeSource
          fsType string @3
          image! string @2
          keyring string = /etc/ceph/keyring @6
          monitors! [string] @1
          pool string = rbd @4
          readOnly bool @8
          secretRef SecretReference @7
          user string = admin @5
        type RBDVolumeSource
          fsType string @3
          image! string @2
          keyring string = /etc/ceph/keyring @6
          monitors! [string] @1
          pool string = rbd @4
          readOnly bool @8
          secretRef LocalObjectReference @7
          user string = admin @5
        kind ReplicationController # Keeps a number of equal pods running. Deployments are its successor.
          spec ReplicationControllerSpec = {} @2
          status ReplicationControllerStatus = {} @3
        type ReplicationControllerCondition
          lastTransitionTime time @3
          message string @5
          reason string @4
          status string = "" @2
          type string = "" @1
        type ReplicationControllerSpec
          minReadySeconds int32 min(0) @4
          replicas *int32 = 1 min(0) @1
          selector {string} atomic format(labels) @2
          template PodTemplateSpec @3
        type ReplicationControllerStatus
          availableReplicas int32 @5
          conditions [ReplicationControllerCondition] map(type) patch(type) @6
          fullyLabeledReplicas int32 @2
          observedGeneration int64 @3
          readyReplicas int32 @4
          replicas int32 = 0 @1
        type ResourceClaim
          name! string @1
          request string @2
        type ResourceFieldSelector atomic
          containerName string @1
          divisor quantity @3
          resource! string @2
        type ResourceHealth
          health string @2
          message string
          resourceID! string @1
        kind ResourceQuota # What a namespace may use in total.
          spec ResourceQuotaSpec = {} @2
          status ResourceQuotaStatus = {} @3
        type ResourceQuotaSpec # The limits of a quota.
          hard {quantity} @1 # The most of each resource.
          scopeSelector ScopeSelector @3 # Which objects count, by expressions.
          scopes [string] @2 # Which objects count.
        type ResourceQuotaStatus
          hard {quantity} @1
          used {quantity} @2
        type ResourceRequirements # What is requested and what is allowed at most.
          claims [ResourceClaim] map(name) @3 # Claims of devices that the container uses.
          limits {quantity} @1 # The most that may be used.
          requests {quantity} @2 # What is set aside; the limits when left out.
        type ResourceStatus
          name string = "" @1
          resources [ResourceHealth] map(resourceID) @2
        type SELinuxOptions
          level string @4
          role string @2
          type string @3
          user string @1
        type ScaleIOPersistentVolumeSource
          fsType string = xfs @9
          gateway! string @1
          protectionDomain string @5
          readOnly bool @10
          secretRef SecretReference = {} @3
          sslEnabled bool @4
          storageMode string = ThinProvisioned @7
          storagePool string @6
          system! string @2
          volumeName string @8
        type ScaleIOVolumeSource
          fsType string = xfs @9
          gateway! string @1
          protectionDomain string @5
          readOnly bool @10
          secretRef LocalObjectReference = {} @3
          sslEnabled bool @4
          storageMode string = ThinProvisioned @7
          storagePool string @6
          system! string @2
          volumeName string @8
        type ScopeSelector atomic
          matchExpressions [ScopedResourceSelectorRequirement] @1
        type ScopedResourceSelectorRequirement
          operator! string unchecked @2
          scopeName! string unchecked @1
          values [string] @3
        type SeccompProfile
          localhostProfile string @2
          type! string enum(Localhost|RuntimeDefault|Unconfined) @1
        kind Secret # Small sensitive data, such as passwords and keys.
          data {bytes} format(configMapKeys) @2 # The values, in base64.
          immutable *bool @5 # When true, the data can no longer be changed.
          stringData {string} @4 # Values as text, for writing; they end up in data.
          type string = Opaque immutable @3 # What the Secret is for; it decides which keys must be there.
        type SecretEnvSource
          name string @1.1
          optional *bool @2
        type SecretKeySelector atomic
          key! string format(configMapKeys) @2
          name string @1.1
          optional *bool @3
        type SecretProjection
          items [KeyToPath] @2
          name string @1.1
          optional *bool @4
        type SecretReference atomic
          name string @1
          namespace string @2
        type SecretVolumeSource
          defaultMode *int32 = 420 range(0,511) @3
          items [KeyToPath] @2
          optional *bool @4
          secretName string @1
        type SecurityContext # Security settings of a container.
          allowPrivilegeEscalation *bool @7 # Whether a process may gain more privileges than its parent.
          appArmorProfile AppArmorProfile @12
          capabilities Capabilities @1 # Linux capabilities to add and drop.
          privileged *bool @2 # Nearly the rights of root on the node.
          procMount string enum(Default|Unmasked) @9
          readOnlyRootFilesystem *bool @6 # Mount the container's root read-only.
          runAsGroup *int64 format(userID) @8 # The group id of the process.
          runAsNonRoot *bool @5 # Refuse to run as root.
          runAsUser *int64 format(userID) @4 # The user id of the process.
          seLinuxOptions SELinuxOptions @3
          seccompProfile SeccompProfile @11 # Which system calls are allowed.
          windowsOptions WindowsSecurityContextOptions @10
        kind Service # A stable address for a changing set of pods.
          spec ServiceSpec = {} @2 # What is wanted of the service.
          status ServiceStatus = {} @3 # What a load balancer reports.
        kind ServiceAccount # An identity for processes in pods.
          automountServiceAccountToken *bool @4 # Whether pods of this account get its token mounted.
          imagePullSecrets [LocalObjectReference] @3 # Credentials that pods of this account pull images with.
          secrets [ObjectReference] map(name) patch(name) @2
        type ServiceAccountTokenProjection
          audience string @1
          expirationSeconds *int64 = 3600 range(600,4294967296) @2
          path! string unchecked @3
        type ServicePort # A port of a service.
          appProtocol string format(qualifiedName) @6 # The application's protocol, as a hint.
          name string format(dns1123label) @1 # The port's name; needed when there are several.
          nodePort int32 @5 # The port of every node that leads here.
          port! int32 range(1,65535) unchecked @3 # The port of the service.
          protocol string = TCP enum(SCTP|TCP|UDP) @2 # TCP, UDP or SCTP.
          targetPort intstr port @4 # The port of the pods, by number or name.
        type ServiceSpec # How a service is reached and where it leads.
          allocateLoadBalancerNodePorts *bool @20 # Whether a LoadBalancer service gets ports of the nodes, too.
          clusterIP string @3 # The service's address within the cluster; None for a headless service.
          clusterIPs [string] @18 # The service's addresses, one for each family.
          externalIPs [string] @5 # Other addresses for which nodes accept traffic.
          externalName string @10 # The DNS name that an ExternalName service stands for.
          externalTrafficPolicy string enum(Cluster|Local) @11 # Cluster spreads traffic from outside over all pods, Local keeps it on the node.
          healthCheckNodePort int32 @12 # The port at which nodes say whether they have pods of the service.
          internalTrafficPolicy string enum(Cluster|Local) @22 # Cluster or Local, for traffic from inside.
          ipFamilies [string] @19 # IPv4, IPv6, or both.
          ipFamilyPolicy string enum(PreferDualStack|RequireDualStack|SingleStack) @17 # SingleStack, PreferDualStack or RequireDualStack.
          loadBalancerClass string @21 # Which load balancer implementation is meant.
          loadBalancerIP string @8 # The address the load balancer should have. Deprecated.
          loadBalancerSourceRanges [string] @9 # Blocks of addresses from which the load balancer accepts traffic.
          ports [ServicePort] map(port,protocol) patch(port) @1 # The ports of the service.
          publishNotReadyAddresses bool @13 # List pods before they are ready, too.
          selector {string} atomic format(labels) @2 # Labels of the pods that traffic goes to.
          sessionAffinity string = None enum(ClientIP|None) @7 # ClientIP keeps a client with one pod.
          sessionAffinityConfig SessionAffinityConfig @14 # How long it does.
          trafficDistribution string @23 # Which pods are preferred: PreferSameZone, PreferSameNode or PreferClose.
          type string = ClusterIP enum(ClusterIP|ExternalName|LoadBalancer|NodePort) @4 # ClusterIP, NodePort, LoadBalancer or ExternalName.
        type ServiceStatus
          conditions [meta.Condition] map(type) patch(type) @2
          loadBalancer LoadBalancerStatus = {} @1
        type SessionAffinityConfig
          clientIP ClientIPConfig @1
        type SleepAction
          seconds! *int64 = 0 @1
        type StorageOSPersistentVolumeSource
          fsType string @3
          readOnly bool @4
          secretRef ObjectReference @5
          volumeName string @1
          volumeNamespace string @2
        type StorageOSVolumeSource
          fsType string @3
          readOnly bool @4
          secretRef LocalObjectReference @5
          volumeName string @1
          volumeNamespace string @2
        type Sysctl
          name! string @1
          value! string unchecked @2
        type TCPSocketAction
          host string @2
          port intstr port @1
        type Taint
          effect! string enum(NoExecute|NoSchedule|PreferNoSchedule) @3
          key! string @1
          timeAdded time @4
          value string @2
        type Toleration # A taint that the pod puts up with.
          effect string enum(NoExecute|NoSchedule|PreferNoSchedule) @4 # The effect to tolerate; every one when empty.
          key string @1 # The taint's key; every one when empty.
          operator string enum(Equal|Exists|Gt|Lt) @2 # Equal or Exists.
          tolerationSeconds *int64 @5 # Seconds until the pod leaves a node with a NoExecute taint.
          value string @3 # The taint's value, for Equal.
        type TopologySelectorLabelRequirement
          key! string unchecked @1
          values! [string] @2
        type TopologySelectorTerm atomic
          matchLabelExpressions [TopologySelectorLabelRequirement] @1
        type TopologySpreadConstraint
          labelSelector meta.LabelSelector @4
          matchLabelKeys [string] @8
          maxSkew! int32 min(1) unchecked @1
          minDomains *int32 @5
          nodeAffinityPolicy string enum(Honor|Ignore) @6
          nodeTaintsPolicy string enum(Honor|Ignore) @7
          topologyKey! string @2
          whenUnsatisfiable! string unchecked enum(DoNotSchedule|ScheduleAnyway) @3
        type TypedLocalObjectReference atomic
          apiGroup *string @1
          kind! string @2
          name! string @3
        type TypedObjectReference
          apiGroup string @1
          kind! string @2
          name! string @3
          namespace string @4
        type Volume # A volume of a pod, from one source.
          oneof! emptyDir|hostPath|gitRepo|gcePersistentDisk|awsElasticBlockStore|secret|nfs|iscsi|glusterfs|persistentVolumeClaim|rbd|cinder|cephfs|flocker|downwardAPI|fc|flexVolume|configMap|azureFile|vsphereVolume|quobyte|azureDisk|photonPersistentDisk|projected|portworxVolume|scaleIO|storageos|csi|ephemeral|image
          awsElasticBlockStore AWSElasticBlockStoreVolumeSource @2.4
          azureDisk AzureDiskVolumeSource @2.22
          azureFile AzureFileVolumeSource @2.18
          cephfs CephFSVolumeSource @2.14
          cinder CinderVolumeSource @2.13
          configMap ConfigMapVolumeSource @2.19 # The keys of a ConfigMap as files.
          csi CSIVolumeSource @2.28 # A volume that a CSI driver makes for the pod alone.
          downwardAPI DownwardAPIVolumeSource @2.16 # Facts about the pod as files.
          emptyDir EmptyDirVolumeSource @2.2 # An empty directory that lives as long as the pod.
          ephemeral EphemeralVolumeSource @2.29 # A claim that is made and deleted with the pod.
          fc FCVolumeSource @2.17
          flexVolume FlexVolumeSource @2.12
          flocker FlockerVolumeSource @2.15
          gcePersistentDisk GCEPersistentDiskVolumeSource @2.3
          gitRepo GitRepoVolumeSource @2.5
          glusterfs GlusterfsVolumeSource @2.9
          hostPath HostPathVolumeSource @2.1 # A file or directory of the node.
          image ImageVolumeSource @2.30 # The content of an image.
          iscsi ISCSIVolumeSource @2.8 # An iSCSI disk.
          name! string format(dns1123label) @1 # The volume's name, unique in the pod.
          nfs NFSVolumeSource @2.7 # A directory of an NFS server.
          persistentVolumeClaim PersistentVolumeClaimVolumeSource @2.10 # A claim of a persistent volume.
          photonPersistentDisk PhotonPersistentDiskVolumeSource @2.23
          portworxVolume PortworxVolumeSource @2.24
          projected ProjectedVolumeSource @2.26 # Several sources in one directory.
          quobyte QuobyteVolumeSource @2.21
          rbd RBDVolumeSource @2.11
          scaleIO ScaleIOVolumeSource @2.25
          secret SecretVolumeSource @2.6 # The keys of a Secret as files.
          storageos StorageOSVolumeSource @2.27
          vsphereVolume VsphereVirtualDiskVolumeSource @2.20
        type VolumeDevice
          devicePath! string @2
          name! string @1
        type VolumeMount # A volume mounted into a container.
          mountPath! string @3 # Where the volume appears in the container.
          mountPropagation string @5 # Whether mounts made later are seen: None, HostToContainer or Bidirectional.
          name! string @1 # The name of the volume.
          readOnly bool @2 # Mount it read-only.
          recursiveReadOnly string @7
          subPath string @4 # A path within the volume to mount instead of its root.
          subPathExpr string @6 # As subPath, with $(NAME) for environment variables.
        type VolumeMountStatus
          mountPath string = "" @2
          name string = "" @1
          readOnly bool @3
          recursiveReadOnly string @4
          volumeStatus VolumeStatus
        type VolumeNodeAffinity
          required NodeSelector @1
        type VolumeProjection
          clusterTrustBundle ClusterTrustBundleProjection @5
          configMap ConfigMapProjection @3
          downwardAPI DownwardAPIProjection @2
          podCertificate PodCertificateProjection
          secret SecretProjection @1
          serviceAccountToken ServiceAccountTokenProjection @4
        type VolumeResourceRequirements
          limits {quantity} @1
          requests {quantity} @2
        type VolumeStatus
          image ImageVolumeStatus
        type VsphereVirtualDiskVolumeSource
          fsType string @2
          storagePolicyID string @4
          storagePolicyName string @3
          volumePath! string @1
        type WeightedPodAffinityTerm
          podAffinityTerm PodAffinityTerm = {} @2
          weight! int32 range(1,100) unchecked @1
        type WindowsSecurityContextOptions
          gmsaCredentialSpec string @2
          gmsaCredentialSpecName string @1
          hostProcess *bool @4
          runAsUserName string @3
        """#
}
