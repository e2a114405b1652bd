// storage.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let storage = #"""
        group storage.k8s.io v1 storage
        resource csidrivers CSIDriver cluster checks=1,2 name=pathSegment
          column Name name .metadata.name
          column AttachRequired boolean .spec.attachRequired|true
          column PodInfoOnMount boolean .spec.podInfoOnMount
          column StorageCapacity boolean .spec.storageCapacity
          column TokenRequests string tokenRequests
          column RequiresRepublish boolean .spec.requiresRepublish
          column Modes string join(.spec.volumeLifecycleModes)
          column Age string age
        resource csinodes CSINode cluster
          column Name name .metadata.name
          column Drivers integer count(.spec.drivers)
          column Age string age
        resource csistoragecapacities CSIStorageCapacity namespaced
          column Name name .metadata.name
          column StorageClassName string .storageClassName
          column Capacity string .capacity|<unset>
        resource storageclasses StorageClass cluster short=sc
          column Name name className
          column Provisioner string .provisioner
          column ReclaimPolicy string .reclaimPolicy|Delete
          column VolumeBindingMode string .volumeBindingMode|<unset>
          column AllowVolumeExpansion string flag(.allowVolumeExpansion)
          column Age string age
        resource volumeattachments VolumeAttachment cluster
          sub status get,patch,update
          column Name name .metadata.name
          column Attacher string .spec.attacher
          column PV string .spec.source.persistentVolumeName
          column Node string .spec.nodeName
          column Attached boolean .status.attached
          column Age string age
        resource volumeattributesclasses VolumeAttributesClass cluster short=vac
          column Name name .metadata.name
          column DriverName string .driverName
          column Age string age
        kind CSIDriver # What a CSI driver can do.
          spec CSIDriverSpec = {} @2
        type CSIDriverSpec
          attachRequired *bool = true immutable @1
          fsGroupPolicy string = ReadWriteOnceWithFSType @5
          nodeAllocatableUpdatePeriodSeconds *int64 @9
          podInfoOnMount *bool = false @2
          preventPodSchedulingIfMissing *bool
          requiresRepublish *bool = false @7
          seLinuxMount *bool = false @8
          serviceAccountTokenInSecrets *bool
          storageCapacity *bool = false @4
          tokenRequests [TokenRequest] @6
          volumeLifecycleModes [string] = ["Persistent"] set immutable @3
        kind CSINode # The CSI drivers of a node.
          spec CSINodeSpec = {} @2
        type CSINodeDriver
          allocatable VolumeNodeResources @4
          name! string @1
          nodeID! string @2
          topologyKeys [string] @3
        type CSINodeSpec
          drivers [CSINodeDriver] = null map(name) patch(name) @1
        kind CSIStorageCapacity # How much storage a class has left somewhere.
          capacity quantity @4
          maximumVolumeSize quantity @5
          nodeTopology meta.LabelSelector immutable @2
          storageClassName! string immutable format(dns1123subdomain) @3
        kind StorageClass # A way to make volumes.
          allowVolumeExpansion *bool @6 # Whether claims may grow.
          allowedTopologies [core.TopologySelectorTerm] @8
          mountOptions [string] @5 # Options for mounting the volumes.
          parameters {string} fixed @3 # Settings for the provisioner.
          provisioner! string fixed @2 # Who makes the volumes.
          reclaimPolicy string = Delete fixed @4 # What happens to volumes after their claims are gone.
          volumeBindingMode string = Immediate immutable enum(Immediate|WaitForFirstConsumer) @7 # When volumes are made: Immediate or WaitForFirstConsumer.
        type TokenRequest
          audience! string unchecked @1
          expirationSeconds *int64 @2
        kind VolumeAttachment # A volume attached to a node.
          spec VolumeAttachmentSpec = {} immutable @2
          status VolumeAttachmentStatus = {} @3
        type VolumeAttachmentSource
          inlineVolumeSpec core.PersistentVolumeSpec @2
          persistentVolumeName string @1
        type VolumeAttachmentSpec
          attacher! string @1
          nodeName! string format(dns1123subdomain) @3
          source VolumeAttachmentSource = {} @2
        type VolumeAttachmentStatus
          attachError VolumeError @3
          attached bool = false @1
          attachmentMetadata {string} @2
          detachError VolumeError @4
        kind VolumeAttributesClass # Attributes of volumes that can change later.
          driverName! string fixed @2
          parameters {string} fixed @3
        type VolumeError
          errorCode *int32 @3
          message string @2
          time time @1
        type VolumeNodeResources
          count *int32 @1
        """#
}
