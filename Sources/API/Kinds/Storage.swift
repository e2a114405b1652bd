// storage.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let storage = #"""
        group storage.k8s.io v1 storage
        resource csidrivers CSIDriver cluster
        resource csinodes CSINode cluster
        resource csistoragecapacities CSIStorageCapacity namespaced
        resource storageclasses StorageClass cluster short=sc
        resource volumeattachments VolumeAttachment cluster
          sub status get,patch,update
        resource volumeattributesclasses VolumeAttributesClass cluster short=vac
        kind CSIDriver
          spec CSIDriverSpec = {}
        type CSIDriverSpec
          attachRequired *bool = true
          fsGroupPolicy string = ReadWriteOnceWithFSType
          nodeAllocatableUpdatePeriodSeconds *int64
          podInfoOnMount *bool = false
          preventPodSchedulingIfMissing *bool
          requiresRepublish *bool = false
          seLinuxMount *bool = false
          serviceAccountTokenInSecrets *bool
          storageCapacity *bool = false
          tokenRequests [TokenRequest]
          volumeLifecycleModes [string] = ["Persistent"] set
        kind CSINode
          spec CSINodeSpec = {}
        type CSINodeDriver
          allocatable VolumeNodeResources
          name! string
          nodeID! string
          topologyKeys [string]
        type CSINodeSpec
          drivers [CSINodeDriver] = null map(name) patch(name)
        kind CSIStorageCapacity
          capacity quantity
          maximumVolumeSize quantity
          nodeTopology meta.LabelSelector
          storageClassName! string
        kind StorageClass
          allowVolumeExpansion *bool
          allowedTopologies [core.TopologySelectorTerm]
          mountOptions [string]
          parameters {string} immutable
          provisioner! string immutable
          reclaimPolicy string = Delete immutable
          volumeBindingMode string = Immediate immutable enum(Immediate|WaitForFirstConsumer)
        type TokenRequest
          audience! string
          expirationSeconds *int64
        kind VolumeAttachment
          spec VolumeAttachmentSpec = {}
          status VolumeAttachmentStatus = {}
        type VolumeAttachmentSource
          inlineVolumeSpec core.PersistentVolumeSpec
          persistentVolumeName string
        type VolumeAttachmentSpec
          attacher! string
          nodeName! string
          source VolumeAttachmentSource = {}
        type VolumeAttachmentStatus
          attachError VolumeError
          attached bool = false
          attachmentMetadata {string}
          detachError VolumeError
        kind VolumeAttributesClass
          driverName! string
          parameters {string}
        type VolumeError
          errorCode *int32
          message string
          time time
        type VolumeNodeResources
          count *int32
        """#
}
