// core API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let core = #"""
        group core v1 core
        resource bindings Binding namespaced verbs=create
        resource componentstatuses ComponentStatus cluster verbs=get,list short=cs
        resource configmaps ConfigMap namespaced short=cm
          column Name name .metadata.name
          column Data string dataCount
          column Age string age
        resource endpoints Endpoints namespaced short=ep
        resource events Event namespaced short=ev fields=involvedObject.kind,involvedObject.namespace,involvedObject.name,involvedObject.uid,involvedObject.apiVersion,involvedObject.resourceVersion,involvedObject.fieldPath,reason,reportingComponent,source,type
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
        resource limitranges LimitRange namespaced short=limits
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
        resource persistentvolumes PersistentVolume cluster short=pv
          sub status get,patch,update
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
        resource podtemplates PodTemplate namespaced generation
        resource replicationcontrollers ReplicationController namespaced short=rc categories=all generation fields=status.replicas
          sub scale autoscaling/v1.Scale get,patch,update
          sub status get,patch,update
        resource resourcequotas ResourceQuota namespaced short=quota
          sub status get,patch,update
        resource secrets Secret namespaced fields=type
          column Name name .metadata.name
          column Type string .type
          column Data string dataCount
          column Age string age
        resource serviceaccounts ServiceAccount namespaced short=sa
          sub token authentication.k8s.io/v1.TokenRequest create
          column Name name .metadata.name
          column Secrets string secretsCount
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
          column Selector string selector wide
        type AWSElasticBlockStoreVolumeSource
          fsType string
          partition int32
          readOnly bool
          volumeID! string
        type Affinity
          nodeAffinity NodeAffinity
          podAffinity PodAffinity
          podAntiAffinity PodAntiAffinity
        type AppArmorProfile
          localhostProfile string
          type! string
        type AttachedVolume
          devicePath string = ""
          name string = ""
        type AzureDiskVolumeSource
          cachingMode string = ReadWrite
          diskName! string
          diskURI! string
          fsType string = ext4
          kind string = Shared
          readOnly bool = false
        type AzureFilePersistentVolumeSource
          readOnly bool
          secretName! string
          secretNamespace string
          shareName! string
        type AzureFileVolumeSource
          readOnly bool
          secretName! string
          shareName! string
        kind Binding
          target ObjectReference = {}
        type CSIPersistentVolumeSource
          controllerExpandSecretRef SecretReference
          controllerPublishSecretRef SecretReference
          driver! string
          fsType string
          nodeExpandSecretRef SecretReference
          nodePublishSecretRef SecretReference
          nodeStageSecretRef SecretReference
          readOnly bool
          volumeAttributes {string}
          volumeHandle! string
        type CSIVolumeSource
          driver! string
          fsType string
          nodePublishSecretRef LocalObjectReference
          readOnly *bool
          volumeAttributes {string}
        type Capabilities
          add [string]
          drop [string]
        type CephFSPersistentVolumeSource
          monitors! [string]
          path string
          readOnly bool
          secretFile string
          secretRef SecretReference
          user string
        type CephFSVolumeSource
          monitors! [string]
          path string
          readOnly bool
          secretFile string
          secretRef LocalObjectReference
          user string
        type CinderPersistentVolumeSource
          fsType string
          readOnly bool
          secretRef SecretReference
          volumeID! string
        type CinderVolumeSource
          fsType string
          readOnly bool
          secretRef LocalObjectReference
          volumeID! string
        type ClientIPConfig
          timeoutSeconds *int32
        type ClusterTrustBundleProjection
          labelSelector meta.LabelSelector
          name string
          optional *bool
          path! string
          signerName string
        type ComponentCondition
          error string
          message string
          status string = ""
          type string = ""
        kind ComponentStatus
          conditions [ComponentCondition] map(type) patch(type)
        kind ConfigMap
          binaryData {bytes} format(configMapKeys)
          data {string} format(configMapKeys)
          immutable *bool
        type ConfigMapEnvSource
          name string
          optional *bool
        type ConfigMapKeySelector atomic
          key! string
          name string
          optional *bool
        type ConfigMapNodeConfigSource
          kubeletConfigKey! string
          name! string
          namespace! string
          resourceVersion string
          uid string
        type ConfigMapProjection
          items [KeyToPath]
          name string
          optional *bool
        type ConfigMapVolumeSource
          defaultMode *int32 = 420 range(0,511)
          items [KeyToPath]
          name string
          optional *bool
        type Container
          args [string]
          command [string]
          env [EnvVar] map(name) patch(name)
          envFrom [EnvFromSource]
          image string
          imagePullPolicy string enum(Always|IfNotPresent|Never)
          lifecycle Lifecycle
          livenessProbe Probe
          name! string format(dns1123label)
          ports [ContainerPort] map(containerPort,protocol) patch(containerPort)
          readinessProbe Probe
          resizePolicy [ContainerResizePolicy]
          resources ResourceRequirements = {}
          restartPolicy string
          restartPolicyRules [ContainerRestartRule]
          securityContext SecurityContext
          startupProbe Probe
          stdin bool
          stdinOnce bool
          terminationMessagePath string = /dev/termination-log
          terminationMessagePolicy string = File enum(File|FallbackToLogsOnError)
          tty bool
          volumeDevices [VolumeDevice] map(devicePath) patch(devicePath)
          volumeMounts [VolumeMount] map(mountPath) patch(mountPath)
          workingDir string
        type ContainerExtendedResourceRequest
          containerName! string
          requestName! string
          resourceName! string
        type ContainerImage
          names [string]
          sizeBytes int64
        type ContainerPort
          containerPort! int32 range(1,65535)
          hostIP string
          hostPort int32 range(1,65535)
          name string format(portName)
          protocol string = TCP enum(SCTP|TCP|UDP)
        type ContainerResizePolicy
          resourceName! string
          restartPolicy! string
        type ContainerRestartRule
          action! string
          exitCodes ContainerRestartRuleOnExitCodes
        type ContainerRestartRuleOnExitCodes
          operator! string
          values [int32] set
        type ContainerState
          running ContainerStateRunning
          terminated ContainerStateTerminated
          waiting ContainerStateWaiting
        type ContainerStateRunning
          startedAt time = null
        type ContainerStateTerminated
          containerID string
          exitCode int32 = 0
          finishedAt time = null
          message string
          reason string
          signal int32
          startedAt time = null
        type ContainerStateWaiting
          message string
          reason string
        type ContainerStatus
          allocatedResources {quantity}
          allocatedResourcesStatus [ResourceStatus] map(name) patch(name)
          containerID string
          image string = ""
          imageID string = ""
          lastState ContainerState = {}
          name string = ""
          ready bool = false
          resources ResourceRequirements
          restartCount int32 = 0
          started *bool
          state ContainerState = {}
          stopSignal string
          user ContainerUser
          volumeMounts [VolumeMountStatus] map(mountPath) patch(mountPath)
        type ContainerUser
          linux LinuxContainerUser
        type DaemonEndpoint
          Port int32 = 0
        type DownwardAPIProjection
          items [DownwardAPIVolumeFile]
        type DownwardAPIVolumeFile
          fieldRef ObjectFieldSelector
          mode *int32
          path! string
          resourceFieldRef ResourceFieldSelector
        type DownwardAPIVolumeSource
          defaultMode *int32 = 420 range(0,511)
          items [DownwardAPIVolumeFile]
        type EmptyDirVolumeSource
          medium string enum(|Memory|HugePages)
          sizeLimit quantity
        type EndpointAddress atomic
          hostname string
          ip! string
          nodeName string
          targetRef ObjectReference
        type EndpointPort atomic
          appProtocol string
          name string
          port! int32 range(1,65535)
          protocol string = TCP enum(SCTP|TCP|UDP)
        type EndpointSubset
          addresses [EndpointAddress]
          notReadyAddresses [EndpointAddress]
          ports [EndpointPort]
        kind Endpoints
          subsets [EndpointSubset]
        type EnvFromSource
          configMapRef ConfigMapEnvSource
          prefix string
          secretRef SecretEnvSource
        type EnvVar
          name! string format(envVarName)
          value string
          valueFrom EnvVarSource
        type EnvVarSource
          configMapKeyRef ConfigMapKeySelector
          fieldRef ObjectFieldSelector
          fileKeyRef FileKeySelector
          resourceFieldRef ResourceFieldSelector
          secretKeyRef SecretKeySelector
        type EphemeralContainer
          args [string]
          command [string]
          env [EnvVar] map(name) patch(name)
          envFrom [EnvFromSource]
          image string
          imagePullPolicy string enum(Always|IfNotPresent|Never)
          lifecycle Lifecycle
          livenessProbe Probe
          name! string format(dns1123label)
          ports [ContainerPort] map(containerPort,protocol) patch(containerPort)
          readinessProbe Probe
          resizePolicy [ContainerResizePolicy]
          resources ResourceRequirements = {}
          restartPolicy string
          restartPolicyRules [ContainerRestartRule]
          securityContext SecurityContext
          startupProbe Probe
          stdin bool
          stdinOnce bool
          targetContainerName string
          terminationMessagePath string = /dev/termination-log
          terminationMessagePolicy string = File enum(File|FallbackToLogsOnError)
          tty bool
          volumeDevices [VolumeDevice] map(devicePath) patch(devicePath)
          volumeMounts [VolumeMount] map(mountPath) patch(mountPath)
          workingDir string
        type EphemeralVolumeSource
          volumeClaimTemplate PersistentVolumeClaimTemplate
        kind Event
          action string
          count int32
          eventTime microtime = null
          firstTimestamp time = null
          involvedObject ObjectReference = {}
          lastTimestamp time = null
          message string
          reason string
          related ObjectReference
          reportingComponent string = ""
          reportingInstance string = ""
          series EventSeries
          source EventSource = {}
          type string
        type EventSeries
          count int32
          lastObservedTime microtime
        type EventSource
          component string
          host string
        type ExecAction
          command [string]
        type FCVolumeSource
          fsType string
          lun *int32
          readOnly bool
          targetWWNs [string]
          wwids [string]
        type FileKeySelector atomic
          key! string
          optional *bool
          path! string
          volumeName! string
        type FlexPersistentVolumeSource
          driver! string
          fsType string
          options {string}
          readOnly bool
          secretRef SecretReference
        type FlexVolumeSource
          driver! string
          fsType string
          options {string}
          readOnly bool
          secretRef LocalObjectReference
        type FlockerVolumeSource
          datasetName string
          datasetUUID string
        type GCEPersistentDiskVolumeSource
          fsType string
          partition int32
          pdName! string
          readOnly bool
        type GRPCAction
          port! int32 range(1,65535)
          service string = ""
        type GitRepoVolumeSource
          directory string
          repository! string
          revision string
        type GlusterfsPersistentVolumeSource
          endpoints! string
          endpointsNamespace string
          path! string
          readOnly bool
        type GlusterfsVolumeSource
          endpoints! string
          path! string
          readOnly bool
        type HTTPGetAction
          host string
          httpHeaders [HTTPHeader]
          path string = /
          port intstr port
          scheme string = HTTP enum(HTTP|HTTPS)
        type HTTPHeader
          name! string
          value! string
        type HostAlias
          hostnames [string]
          ip! string
        type HostIP
          ip! string
        type HostPathVolumeSource
          path! string
          type *string = "" enum(|DirectoryOrCreate|Directory|FileOrCreate|File|Socket|CharDevice|BlockDevice)
        type ISCSIPersistentVolumeSource
          chapAuthDiscovery bool
          chapAuthSession bool
          fsType string
          initiatorName string
          iqn! string
          iscsiInterface string = default
          lun! int32
          portals [string]
          readOnly bool
          secretRef SecretReference
          targetPortal! string
        type ISCSIVolumeSource
          chapAuthDiscovery bool
          chapAuthSession bool
          fsType string
          initiatorName string
          iqn! string
          iscsiInterface string = default
          lun! int32
          portals [string]
          readOnly bool
          secretRef LocalObjectReference
          targetPortal! string
        type ImageVolumeSource
          pullPolicy string
          reference string
        type ImageVolumeStatus
          imageRef string = ""
        type KeyToPath
          key! string
          mode *int32 range(0,511)
          path! string
        type Lifecycle
          postStart LifecycleHandler
          preStop LifecycleHandler
          stopSignal string
        type LifecycleHandler
          exec ExecAction
          httpGet HTTPGetAction
          sleep SleepAction
          tcpSocket TCPSocketAction
        kind LimitRange
          spec LimitRangeSpec = {}
        type LimitRangeItem
          default {quantity}
          defaultRequest {quantity}
          max {quantity}
          maxLimitRequestRatio {quantity}
          min {quantity}
          type! string
        type LimitRangeSpec
          limits [LimitRangeItem] = null
        type LinuxContainerUser
          gid int64 = 0
          supplementalGroups [int64]
          uid int64 = 0
        type LoadBalancerIngress
          hostname string
          ip string
          ipMode string
          ports [PortStatus]
        type LoadBalancerStatus
          ingress [LoadBalancerIngress]
        type LocalObjectReference atomic
          name string
        type LocalVolumeSource
          fsType string
          path! string
        type ModifyVolumeStatus
          status string = ""
          targetVolumeAttributesClassName string
        type NFSVolumeSource
          path! string
          readOnly bool
          server! string
        kind Namespace
          spec NamespaceSpec = {}
          status NamespaceStatus = {}
        type NamespaceCondition
          lastTransitionTime time
          message string
          reason string
          status string = ""
          type string = ""
        type NamespaceSpec
          finalizers [string]
        type NamespaceStatus
          conditions [NamespaceCondition] map(type) patch(type)
          phase string = Active
        kind Node
          spec NodeSpec = {}
          status NodeStatus = {}
        type NodeAddress
          address string = ""
          type string = ""
        type NodeAffinity
          preferredDuringSchedulingIgnoredDuringExecution [PreferredSchedulingTerm]
          requiredDuringSchedulingIgnoredDuringExecution NodeSelector
        type NodeAllocatableResourceClaimStatus
          containers [string] set
          resourceClaimName string = ""
          resources {quantity} = null
        type NodeCondition
          lastHeartbeatTime time = null
          lastTransitionTime time = null
          message string
          reason string
          status string = ""
          type string = ""
        type NodeConfigSource
          configMap ConfigMapNodeConfigSource
        type NodeConfigStatus
          active NodeConfigSource
          assigned NodeConfigSource
          error string
          lastKnownGood NodeConfigSource
        type NodeDaemonEndpoints
          kubeletEndpoint DaemonEndpoint = {}
        type NodeFeatures
          supplementalGroupsPolicy *bool
        type NodeRuntimeHandler
          features NodeRuntimeHandlerFeatures
          name string
        type NodeRuntimeHandlerFeatures
          recursiveReadOnlyMounts *bool
          userNamespaces *bool
        type NodeSelector atomic
          nodeSelectorTerms! [NodeSelectorTerm]
        type NodeSelectorRequirement
          key! string
          operator! string enum(DoesNotExist|Exists|Gt|In|Lt|NotIn)
          values [string]
        type NodeSelectorTerm atomic
          matchExpressions [NodeSelectorRequirement]
          matchFields [NodeSelectorRequirement]
        type NodeSpec
          configSource NodeConfigSource
          externalID string
          podCIDR string
          podCIDRs [string] set patch
          providerID string
          taints [Taint]
          unschedulable bool
        type NodeStatus
          addresses [NodeAddress] map(type) patch(type)
          allocatable {quantity}
          capacity {quantity}
          conditions [NodeCondition] map(type) patch(type)
          config NodeConfigStatus
          daemonEndpoints NodeDaemonEndpoints = {}
          declaredFeatures [string]
          features NodeFeatures
          images [ContainerImage]
          nodeInfo NodeSystemInfo = {}
          phase string
          runtimeHandlers [NodeRuntimeHandler]
          volumesAttached [AttachedVolume]
          volumesInUse [string]
        type NodeSwapStatus
          capacity *int64
        type NodeSystemInfo
          architecture string = ""
          bootID string = ""
          containerRuntimeVersion string = ""
          kernelVersion string = ""
          kubeProxyVersion string = ""
          kubeletVersion string = ""
          machineID string = ""
          operatingSystem string = ""
          osImage string = ""
          swap NodeSwapStatus
          systemUUID string = ""
        type ObjectFieldSelector atomic
          apiVersion string = v1
          fieldPath! string
        type ObjectReference atomic
          apiVersion string
          fieldPath string
          kind string
          name string
          namespace string
          resourceVersion string
          uid string
        kind PersistentVolume
          spec PersistentVolumeSpec = {}
          status PersistentVolumeStatus = {}
        kind PersistentVolumeClaim
          spec PersistentVolumeClaimSpec = {}
          status PersistentVolumeClaimStatus = {}
        type PersistentVolumeClaimCondition
          lastProbeTime time = null
          lastTransitionTime time = null
          message string
          reason string
          status string = ""
          type string = ""
        type PersistentVolumeClaimSpec
          accessModes [string]
          dataSource TypedLocalObjectReference
          dataSourceRef TypedObjectReference
          resources VolumeResourceRequirements = {}
          selector meta.LabelSelector
          storageClassName *string
          volumeAttributesClassName *string
          volumeMode string = Filesystem enum(Block|Filesystem)
          volumeName string
        type PersistentVolumeClaimStatus
          accessModes [string]
          allocatedResourceStatuses {string}
          allocatedResources {quantity}
          capacity {quantity}
          conditions [PersistentVolumeClaimCondition] map(type) patch(type)
          currentVolumeAttributesClassName string
          modifyVolumeStatus ModifyVolumeStatus
          phase string = Pending
        type PersistentVolumeClaimTemplate
          metadata meta.ObjectMeta
          spec PersistentVolumeClaimSpec = {}
        type PersistentVolumeClaimVolumeSource
          claimName! string
          readOnly bool
        type PersistentVolumeSpec
          accessModes [string]
          awsElasticBlockStore AWSElasticBlockStoreVolumeSource
          azureDisk AzureDiskVolumeSource
          azureFile AzureFilePersistentVolumeSource
          capacity {quantity}
          cephfs CephFSPersistentVolumeSource
          cinder CinderPersistentVolumeSource
          claimRef ObjectReference
          csi CSIPersistentVolumeSource
          fc FCVolumeSource
          flexVolume FlexPersistentVolumeSource
          flocker FlockerVolumeSource
          gcePersistentDisk GCEPersistentDiskVolumeSource
          glusterfs GlusterfsPersistentVolumeSource
          hostPath HostPathVolumeSource
          iscsi ISCSIPersistentVolumeSource
          local LocalVolumeSource
          mountOptions [string]
          nfs NFSVolumeSource
          nodeAffinity VolumeNodeAffinity
          persistentVolumeReclaimPolicy string = Retain enum(Delete|Recycle|Retain)
          photonPersistentDisk PhotonPersistentDiskVolumeSource
          portworxVolume PortworxVolumeSource
          quobyte QuobyteVolumeSource
          rbd RBDPersistentVolumeSource
          scaleIO ScaleIOPersistentVolumeSource
          storageClassName string
          storageos StorageOSPersistentVolumeSource
          volumeAttributesClassName *string
          volumeMode string = Filesystem enum(Block|Filesystem)
          vsphereVolume VsphereVirtualDiskVolumeSource
        type PersistentVolumeStatus
          lastPhaseTransitionTime time
          message string
          phase string = Pending
          reason string
        type PhotonPersistentDiskVolumeSource
          fsType string
          pdID! string
        kind Pod
          spec PodSpec = {}
          status PodStatus = {}
        type PodAffinity
          preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm]
          requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]
        type PodAffinityTerm
          labelSelector meta.LabelSelector
          matchLabelKeys [string]
          mismatchLabelKeys [string]
          namespaceSelector meta.LabelSelector
          namespaces [string]
          topologyKey! string
        type PodAntiAffinity
          preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm]
          requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]
        type PodCertificateProjection
          certificateChainPath string
          credentialBundlePath string
          keyPath string
          keyType! string
          maxExpirationSeconds *int32
          signerName! string
          userAnnotations {string}
        type PodCondition
          lastProbeTime time = null
          lastTransitionTime time = null
          message string
          observedGeneration int64
          reason string
          status string = ""
          type string = ""
        type PodDNSConfig
          nameservers [string]
          options [PodDNSConfigOption]
          searches [string]
        type PodDNSConfigOption
          name string
          value *string
        type PodExtendedResourceClaimStatus
          requestMappings [ContainerExtendedResourceRequest] = null
          resourceClaimName string = ""
        type PodIP
          ip! string
        type PodOS
          name! string
        type PodReadinessGate
          conditionType! string
        type PodResourceClaim
          name! string
          resourceClaimName string
          resourceClaimTemplateName string
        type PodResourceClaimStatus
          name string = ""
          resourceClaimName string
        type PodSchedulingGate
          name! string
        type PodSchedulingGroup
          podGroupName string
        type PodSecurityContext
          appArmorProfile AppArmorProfile
          fsGroup *int64 min(0)
          fsGroupChangePolicy string enum(OnRootMismatch|Always)
          runAsGroup *int64 min(0)
          runAsNonRoot *bool
          runAsUser *int64 min(0)
          seLinuxChangePolicy string
          seLinuxOptions SELinuxOptions
          seccompProfile SeccompProfile
          supplementalGroups [int64]
          supplementalGroupsPolicy string
          sysctls [Sysctl]
          windowsOptions WindowsSecurityContextOptions
        type PodSpec
          activeDeadlineSeconds *int64 range(1,2147483647)
          affinity Affinity
          automountServiceAccountToken *bool
          containers! [Container] map(name) patch(name)
          dnsConfig PodDNSConfig
          dnsPolicy string = ClusterFirst enum(ClusterFirst|ClusterFirstWithHostNet|Default|None)
          enableServiceLinks *bool
          ephemeralContainers [EphemeralContainer] map(name) patch(name)
          hostAliases [HostAlias] map(ip) patch(ip)
          hostIPC bool
          hostNetwork bool
          hostPID bool
          hostUsers *bool
          hostname string format(dns1123label)
          hostnameOverride string
          imagePullSecrets [LocalObjectReference] map(name) patch(name)
          initContainers [Container] map(name) patch(name)
          nodeName string format(dns1123subdomain)
          nodeSelector {string} atomic format(labels)
          os PodOS
          overhead {quantity}
          preemptionPolicy string enum(Never|PreemptLowerPriority)
          priority *int32
          priorityClassName string format(dns1123subdomain)
          readinessGates [PodReadinessGate]
          resourceClaims [PodResourceClaim] map(name) patch(name) retainKeys
          resources ResourceRequirements
          restartPolicy string = Always enum(Always|OnFailure|Never)
          runtimeClassName string
          schedulerName string = default-scheduler
          schedulingGates [PodSchedulingGate] map(name) patch(name)
          schedulingGroup PodSchedulingGroup
          securityContext PodSecurityContext = {}
          serviceAccount string
          serviceAccountName string format(dns1123subdomain)
          setHostnameAsFQDN *bool
          shareProcessNamespace *bool
          subdomain string format(dns1123label)
          terminationGracePeriodSeconds *int64 = 30 min(0)
          tolerations [Toleration]
          topologySpreadConstraints [TopologySpreadConstraint] map(topologyKey,whenUnsatisfiable) patch(topologyKey)
          volumes [Volume] map(name) unique patch(name) retainKeys
        type PodStatus
          allocatedResources {quantity}
          conditions [PodCondition] map(type) patch(type)
          containerStatuses [ContainerStatus]
          ephemeralContainerStatuses [ContainerStatus]
          extendedResourceClaimStatus PodExtendedResourceClaimStatus
          hostIP string
          hostIPs [HostIP] patch(ip)
          initContainerStatuses [ContainerStatus]
          message string
          nodeAllocatableResourceClaimStatuses [NodeAllocatableResourceClaimStatus]
          nominatedNodeName string
          observedGeneration int64
          phase string = Pending
          podIP string
          podIPs [PodIP] map(ip) patch(ip)
          qosClass string
          reason string
          resize string
          resourceClaimStatuses [PodResourceClaimStatus] map(name) patch(name) retainKeys
          resources ResourceRequirements
          startTime time
        kind PodTemplate
          template PodTemplateSpec = {}
        type PodTemplateSpec
          metadata meta.ObjectMeta = {}
          spec PodSpec = {}
        type PortStatus
          error string
          port int32 = 0
          protocol string = ""
        type PortworxVolumeSource
          fsType string
          readOnly bool
          volumeID! string
        type PreferredSchedulingTerm
          preference NodeSelectorTerm = {}
          weight! int32 range(1,100)
        type Probe
          exec ExecAction
          failureThreshold int32 = 3 min(0)
          grpc GRPCAction
          httpGet HTTPGetAction
          initialDelaySeconds int32 min(0)
          periodSeconds int32 = 10 min(0)
          successThreshold int32 = 1 min(0)
          tcpSocket TCPSocketAction
          terminationGracePeriodSeconds *int64
          timeoutSeconds int32 = 1 min(0)
        type ProjectedVolumeSource
          defaultMode *int32 = 420 range(0,511)
          sources [VolumeProjection]
        type QuobyteVolumeSource
          group string
          readOnly bool
          registry! string
          tenant string
          user string
          volume! string
        type RBDPersistentVolumeSource
          fsType string
          image! string
          keyring string = /etc/ceph/keyring
          monitors! [string]
          pool string = rbd
          readOnly bool
          secretRef SecretReference
          user string = admin
        type RBDVolumeSource
          fsType string
          image! string
          keyring string = /etc/ceph/keyring
          monitors! [string]
          pool string = rbd
          readOnly bool
          secretRef LocalObjectReference
          user string = admin
        kind ReplicationController
          spec ReplicationControllerSpec = {}
          status ReplicationControllerStatus = {}
        type ReplicationControllerCondition
          lastTransitionTime time
          message string
          reason string
          status string = ""
          type string = ""
        type ReplicationControllerSpec
          minReadySeconds int32 min(0)
          replicas *int32 = 1 min(0)
          selector {string} atomic format(labels)
          template PodTemplateSpec
        type ReplicationControllerStatus
          availableReplicas int32
          conditions [ReplicationControllerCondition] map(type) patch(type)
          fullyLabeledReplicas int32
          observedGeneration int64
          readyReplicas int32
          replicas int32 = 0
        type ResourceClaim
          name! string
          request string
        type ResourceFieldSelector atomic
          containerName string
          divisor quantity
          resource! string
        type ResourceHealth
          health string
          message string
          resourceID! string
        kind ResourceQuota
          spec ResourceQuotaSpec = {}
          status ResourceQuotaStatus = {}
        type ResourceQuotaSpec
          hard {quantity}
          scopeSelector ScopeSelector
          scopes [string] enum(BestEffort|CrossNamespacePodAffinity|NotBestEffort|NotTerminating|PriorityClass|Terminating|VolumeAttributesClass)
        type ResourceQuotaStatus
          hard {quantity}
          used {quantity}
        type ResourceRequirements
          claims [ResourceClaim] map(name)
          limits {quantity}
          requests {quantity}
        type ResourceStatus
          name string = ""
          resources [ResourceHealth] map(resourceID)
        type SELinuxOptions
          level string
          role string
          type string
          user string
        type ScaleIOPersistentVolumeSource
          fsType string = xfs
          gateway! string
          protectionDomain string
          readOnly bool
          secretRef SecretReference = {}
          sslEnabled bool
          storageMode string = ThinProvisioned
          storagePool string
          system! string
          volumeName string
        type ScaleIOVolumeSource
          fsType string = xfs
          gateway! string
          protectionDomain string
          readOnly bool
          secretRef LocalObjectReference = {}
          sslEnabled bool
          storageMode string = ThinProvisioned
          storagePool string
          system! string
          volumeName string
        type ScopeSelector atomic
          matchExpressions [ScopedResourceSelectorRequirement]
        type ScopedResourceSelectorRequirement
          operator! string
          scopeName! string
          values [string]
        type SeccompProfile
          localhostProfile string
          type! string enum(Localhost|RuntimeDefault|Unconfined)
        kind Secret
          data {bytes} format(configMapKeys)
          immutable *bool
          stringData {string}
          type string = Opaque immutable
        type SecretEnvSource
          name string
          optional *bool
        type SecretKeySelector atomic
          key! string
          name string
          optional *bool
        type SecretProjection
          items [KeyToPath]
          name string
          optional *bool
        type SecretReference atomic
          name string
          namespace string
        type SecretVolumeSource
          defaultMode *int32 = 420 range(0,511)
          items [KeyToPath]
          optional *bool
          secretName string
        type SecurityContext
          allowPrivilegeEscalation *bool
          appArmorProfile AppArmorProfile
          capabilities Capabilities
          privileged *bool
          procMount string enum(Default|Unmasked)
          readOnlyRootFilesystem *bool
          runAsGroup *int64 min(0)
          runAsNonRoot *bool
          runAsUser *int64 min(0)
          seLinuxOptions SELinuxOptions
          seccompProfile SeccompProfile
          windowsOptions WindowsSecurityContextOptions
        kind Service
          spec ServiceSpec = {}
          status ServiceStatus = {}
        kind ServiceAccount
          automountServiceAccountToken *bool
          imagePullSecrets [LocalObjectReference]
          secrets [ObjectReference] map(name) patch(name)
        type ServiceAccountTokenProjection
          audience string
          expirationSeconds *int64 = 3600 min(600)
          path! string
        type ServicePort
          appProtocol string
          name string format(dns1123label)
          nodePort int32
          port! int32 range(1,65535)
          protocol string = TCP enum(SCTP|TCP|UDP)
          targetPort intstr port
        type ServiceSpec
          allocateLoadBalancerNodePorts *bool
          clusterIP string
          clusterIPs [string]
          externalIPs [string]
          externalName string
          externalTrafficPolicy string enum(Cluster|Local)
          healthCheckNodePort int32
          internalTrafficPolicy string enum(Cluster|Local)
          ipFamilies [string]
          ipFamilyPolicy string enum(PreferDualStack|RequireDualStack|SingleStack)
          loadBalancerClass string
          loadBalancerIP string
          loadBalancerSourceRanges [string]
          ports [ServicePort] map(port,protocol) patch(port)
          publishNotReadyAddresses bool
          selector {string} atomic format(labels)
          sessionAffinity string = None enum(ClientIP|None)
          sessionAffinityConfig SessionAffinityConfig
          trafficDistribution string
          type string = ClusterIP enum(ClusterIP|ExternalName|LoadBalancer|NodePort)
        type ServiceStatus
          conditions [meta.Condition] map(type) patch(type)
          loadBalancer LoadBalancerStatus = {}
        type SessionAffinityConfig
          clientIP ClientIPConfig
        type SleepAction
          seconds! int64
        type StorageOSPersistentVolumeSource
          fsType string
          readOnly bool
          secretRef ObjectReference
          volumeName string
          volumeNamespace string
        type StorageOSVolumeSource
          fsType string
          readOnly bool
          secretRef LocalObjectReference
          volumeName string
          volumeNamespace string
        type Sysctl
          name! string
          value! string
        type TCPSocketAction
          host string
          port intstr port
        type Taint
          effect! string enum(NoExecute|NoSchedule|PreferNoSchedule)
          key! string
          timeAdded time
          value string
        type Toleration
          effect string enum(NoExecute|NoSchedule|PreferNoSchedule)
          key string
          operator string enum(Equal|Exists|Gt|Lt)
          tolerationSeconds *int64
          value string
        type TopologySelectorLabelRequirement
          key! string
          values! [string]
        type TopologySelectorTerm atomic
          matchLabelExpressions [TopologySelectorLabelRequirement]
        type TopologySpreadConstraint
          labelSelector meta.LabelSelector
          matchLabelKeys [string]
          maxSkew! int32 min(1)
          minDomains *int32
          nodeAffinityPolicy string
          nodeTaintsPolicy string
          topologyKey! string
          whenUnsatisfiable! string enum(DoNotSchedule|ScheduleAnyway)
        type TypedLocalObjectReference atomic
          apiGroup *string
          kind! string
          name! string
        type TypedObjectReference
          apiGroup string
          kind! string
          name! string
          namespace string
        type Volume
          awsElasticBlockStore AWSElasticBlockStoreVolumeSource
          azureDisk AzureDiskVolumeSource
          azureFile AzureFileVolumeSource
          cephfs CephFSVolumeSource
          cinder CinderVolumeSource
          configMap ConfigMapVolumeSource
          csi CSIVolumeSource
          downwardAPI DownwardAPIVolumeSource
          emptyDir EmptyDirVolumeSource
          ephemeral EphemeralVolumeSource
          fc FCVolumeSource
          flexVolume FlexVolumeSource
          flocker FlockerVolumeSource
          gcePersistentDisk GCEPersistentDiskVolumeSource
          gitRepo GitRepoVolumeSource
          glusterfs GlusterfsVolumeSource
          hostPath HostPathVolumeSource
          image ImageVolumeSource
          iscsi ISCSIVolumeSource
          name! string format(dns1123label)
          nfs NFSVolumeSource
          persistentVolumeClaim PersistentVolumeClaimVolumeSource
          photonPersistentDisk PhotonPersistentDiskVolumeSource
          portworxVolume PortworxVolumeSource
          projected ProjectedVolumeSource
          quobyte QuobyteVolumeSource
          rbd RBDVolumeSource
          scaleIO ScaleIOVolumeSource
          secret SecretVolumeSource
          storageos StorageOSVolumeSource
          vsphereVolume VsphereVirtualDiskVolumeSource
        type VolumeDevice
          devicePath! string
          name! string
        type VolumeMount
          mountPath! string
          mountPropagation string enum(Bidirectional|HostToContainer|None)
          name! string
          readOnly bool
          recursiveReadOnly string
          subPath string
          subPathExpr string
        type VolumeMountStatus
          mountPath string = ""
          name string = ""
          readOnly bool
          recursiveReadOnly string
          volumeStatus VolumeStatus
        type VolumeNodeAffinity
          required NodeSelector
        type VolumeProjection
          clusterTrustBundle ClusterTrustBundleProjection
          configMap ConfigMapProjection
          downwardAPI DownwardAPIProjection
          podCertificate PodCertificateProjection
          secret SecretProjection
          serviceAccountToken ServiceAccountTokenProjection
        type VolumeResourceRequirements
          limits {quantity}
          requests {quantity}
        type VolumeStatus
          image ImageVolumeStatus
        type VsphereVirtualDiskVolumeSource
          fsType string
          storagePolicyID string
          storagePolicyName string
          volumePath! string
        type WeightedPodAffinityTerm
          podAffinityTerm PodAffinityTerm = {}
          weight! int32 range(1,100)
        type WindowsSecurityContextOptions
          gmsaCredentialSpec string
          gmsaCredentialSpecName string
          hostProcess *bool
          runAsUserName string
        """#
}
