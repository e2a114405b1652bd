// resource.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let resource = #"""
        group resource.k8s.io v1 resource
        resource deviceclasses DeviceClass cluster
        resource resourceclaims ResourceClaim namespaced
          sub status get,patch,update
        resource resourceclaimtemplates ResourceClaimTemplate namespaced
        resource resourceslices ResourceSlice cluster generation
        type AllocatedDeviceStatus
          conditions [meta.Condition] map(type)
          data any
          device string = ""
          driver string = ""
          networkData NetworkDeviceData
          pool string = ""
          shareID string
        type AllocationResult
          allocationTimestamp time
          devices DeviceAllocationResult
          nodeSelector core.NodeSelector
        type CELDeviceSelector
          expression! string
        type CapacityRequestPolicy
          default quantity
          validRange CapacityRequestPolicyRange
          validValues [quantity]
        type CapacityRequestPolicyRange
          max quantity
          min! quantity
          step quantity
        type CapacityRequirements
          requests {quantity}
        type Counter
          value! quantity
        type CounterSet
          counters! {Counter}
          name! string
        type Device
          allNodes *bool
          allowMultipleAllocations *bool
          attributes {DeviceAttribute}
          bindingConditions [string]
          bindingFailureConditions [string]
          bindsToNode *bool
          capacity {DeviceCapacity}
          consumesCounters [DeviceCounterConsumption]
          name! string
          nodeAllocatableResourceMappings {NodeAllocatableResourceMapping}
          nodeName string
          nodeSelector core.NodeSelector
          taints [DeviceTaint]
        type DeviceAllocationConfiguration
          opaque OpaqueDeviceConfiguration
          requests [string]
          source! string
        type DeviceAllocationResult
          config [DeviceAllocationConfiguration]
          results [DeviceRequestAllocationResult]
        type DeviceAttribute
          bool *bool
          bools [bool]
          int *int64
          ints [int64]
          string string
          strings [string]
          version string
          versions [string]
        type DeviceCapacity
          requestPolicy CapacityRequestPolicy
          value! quantity
        type DeviceClaim
          config [DeviceClaimConfiguration]
          constraints [DeviceConstraint]
          requests [DeviceRequest]
        type DeviceClaimConfiguration
          opaque OpaqueDeviceConfiguration
          requests [string]
        kind DeviceClass
          spec DeviceClassSpec = {}
        type DeviceClassConfiguration
          opaque OpaqueDeviceConfiguration
        type DeviceClassSpec
          config [DeviceClassConfiguration]
          extendedResourceName string
          selectors [DeviceSelector]
        type DeviceConstraint
          distinctAttribute string
          matchAttribute string
          requests [string]
        type DeviceCounterConsumption
          counterSet! string
          counters! {Counter}
        type DeviceRequest
          exactly ExactDeviceRequest
          firstAvailable [DeviceSubRequest]
          name! string
        type DeviceRequestAllocationResult
          adminAccess *bool
          bindingConditions [string]
          bindingFailureConditions [string]
          consumedCapacity {quantity}
          device! string
          driver! string
          pool! string
          request! string
          shareID string
          tolerations [DeviceToleration]
        type DeviceSelector
          cel CELDeviceSelector
        type DeviceSubRequest
          allocationMode string = ExactCount enum(All|ExactCount)
          capacity CapacityRequirements
          count int64
          deviceClassName! string
          name! string
          selectors [DeviceSelector]
          tolerations [DeviceToleration]
        type DeviceTaint
          effect! string
          key! string
          timeAdded time
          value string
        type DeviceToleration
          effect string
          key string
          operator string = Equal enum(Equal|Exists)
          tolerationSeconds *int64
          value string
        type ExactDeviceRequest
          adminAccess *bool
          allocationMode string = ExactCount enum(All|ExactCount)
          capacity CapacityRequirements
          count int64
          deviceClassName! string
          selectors [DeviceSelector]
          tolerations [DeviceToleration]
        type NetworkDeviceData
          hardwareAddress string
          interfaceName string
          ips [string]
        type NodeAllocatableResourceMapping
          allocationMultiplier quantity
          capacityKey string
        type OpaqueDeviceConfiguration
          driver! string
          parameters any = null
        kind ResourceClaim
          spec ResourceClaimSpec = {}
          status ResourceClaimStatus = {}
        type ResourceClaimConsumerReference
          apiGroup string
          name! string
          resource! string
          uid! string
        type ResourceClaimSpec
          devices DeviceClaim = {}
        type ResourceClaimStatus
          allocation AllocationResult
          devices [AllocatedDeviceStatus] map(driver,device,pool,shareID)
          reservedFor [ResourceClaimConsumerReference] map(uid) patch(uid)
        kind ResourceClaimTemplate
          spec ResourceClaimTemplateSpec = {}
        type ResourceClaimTemplateSpec
          metadata meta.ObjectMeta = {}
          spec ResourceClaimSpec = {}
        type ResourcePool
          generation! int64
          name! string
          resourceSliceCount! int64
        kind ResourceSlice
          spec ResourceSliceSpec = {}
        type ResourceSliceSpec
          allNodes *bool
          devices [Device]
          driver! string
          nodeName string
          nodeSelector core.NodeSelector
          perDeviceNodeSelection *bool
          pool ResourcePool = {}
          sharedCounters [CounterSet]
        """#
}
