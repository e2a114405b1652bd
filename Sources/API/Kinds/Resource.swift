// resource.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let resource = #"""
        group resource.k8s.io v1 resource
        resource deviceclasses DeviceClass cluster generation
          column Name name .metadata.name
          column Age string age
        resource resourceclaims ResourceClaim namespaced
          sub status get,patch,update
          column Name name .metadata.name
          column State string claimState
          column Age string age
        resource resourceclaimtemplates ResourceClaimTemplate namespaced
          column Name name .metadata.name
          column Age string age
        resource resourceslices ResourceSlice cluster generation fields=spec.nodeName,spec.driver
          column Name name .metadata.name
          column Node string .spec.nodeName|<unset>
          column Driver string .spec.driver
          column Pool string .spec.pool.name
          column Age string age
        type AllocatedDeviceStatus
          conditions [meta.Condition] map(type) @4
          data any @5
          device string = "" @3
          driver string = "" @1
          networkData NetworkDeviceData @6
          pool string = "" @2
          shareID string
        type AllocationResult
          allocationTimestamp time
          devices DeviceAllocationResult @1
          nodeSelector core.NodeSelector @3
        type CELDeviceSelector
          expression! string @1
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
          value! quantity @1
        type CounterSet
          counters! {Counter} @2
          name! string @1
        type Device
          allNodes *bool @7
          allowMultipleAllocations *bool
          attributes {DeviceAttribute} @2
          bindingConditions [string]
          bindingFailureConditions [string]
          bindsToNode *bool
          capacity {DeviceCapacity} @3
          consumesCounters [DeviceCounterConsumption] @4
          name! string @1
          nodeAllocatableResourceMappings {NodeAllocatableResourceMapping}
          nodeName string @5
          nodeSelector core.NodeSelector @6
          taints [DeviceTaint] @8
        type DeviceAllocationConfiguration
          opaque OpaqueDeviceConfiguration @3.1
          requests [string] @2
          source! string @1
        type DeviceAllocationResult
          config [DeviceAllocationConfiguration] @2
          results [DeviceRequestAllocationResult] @1
        type DeviceAttribute
          bool *bool @3
          bools [bool]
          int *int64 @2
          ints [int64]
          string string @4
          strings [string]
          version string @5
          versions [string]
        type DeviceCapacity
          requestPolicy CapacityRequestPolicy
          value! quantity @1
        type DeviceClaim
          config [DeviceClaimConfiguration] @3
          constraints [DeviceConstraint] @2
          requests [DeviceRequest] @1
        type DeviceClaimConfiguration
          opaque OpaqueDeviceConfiguration @2.1
          requests [string] @1
        kind DeviceClass # A kind of devices.
          spec DeviceClassSpec = {} @2
        type DeviceClassConfiguration
          opaque OpaqueDeviceConfiguration @1.1
        type DeviceClassSpec
          config [DeviceClassConfiguration] @2
          extendedResourceName string
          selectors [DeviceSelector] @1
        type DeviceConstraint
          distinctAttribute string
          matchAttribute string @2
          requests [string] @1
        type DeviceCounterConsumption
          counterSet! string @1
          counters! {Counter} @2
        type DeviceRequest
          exactly ExactDeviceRequest @2
          firstAvailable [DeviceSubRequest] @3
          name! string @1
        type DeviceRequestAllocationResult
          adminAccess *bool @5
          bindingConditions [string]
          bindingFailureConditions [string]
          consumedCapacity {quantity}
          device! string @4
          driver! string @2
          pool! string @3
          request! string @1
          shareID string
          tolerations [DeviceToleration] @6
        type DeviceSelector
          cel CELDeviceSelector @1
        type DeviceSubRequest
          allocationMode string = ExactCount enum(All|ExactCount) @4
          capacity CapacityRequirements
          count int64 @5
          deviceClassName! string @2
          name! string @1
          selectors [DeviceSelector] @3
          tolerations [DeviceToleration] @6
        type DeviceTaint
          effect! string enum(NoExecute|NoSchedule|None) @3
          key! string format(qualifiedName) @1
          timeAdded time @4
          value string @2
        type DeviceToleration
          effect string @4
          key string @1
          operator string = Equal enum(Equal|Exists) @2
          tolerationSeconds *int64 @5
          value string @3
        type ExactDeviceRequest
          adminAccess *bool @5
          allocationMode string = ExactCount enum(All|ExactCount) @3
          capacity CapacityRequirements
          count int64 @4
          deviceClassName! string @1
          selectors [DeviceSelector] @2
          tolerations [DeviceToleration] @6
        type NetworkDeviceData
          hardwareAddress string @3
          interfaceName string @1
          ips [string] @2
        type NodeAllocatableResourceMapping
          allocationMultiplier quantity
          capacityKey string
        type OpaqueDeviceConfiguration
          driver! string @1
          parameters any = null @2
        kind ResourceClaim # A wish for devices.
          spec ResourceClaimSpec = {} immutable @2
          status ResourceClaimStatus = {} @3
        type ResourceClaimConsumerReference
          apiGroup string @1
          name! string @4
          resource! string @3
          uid! string @5
        type ResourceClaimSpec
          devices DeviceClaim = {} @1
        type ResourceClaimStatus
          allocation AllocationResult @1
          devices [AllocatedDeviceStatus] map(driver,device,pool,shareID) @4
          reservedFor [ResourceClaimConsumerReference] map(uid) patch(uid) @2
        kind ResourceClaimTemplate # What claims made for pods are like.
          spec ResourceClaimTemplateSpec = {} immutable @2
        type ResourceClaimTemplateSpec
          metadata meta.ObjectMeta = {} @1
          spec ResourceClaimSpec = {} @2
        type ResourcePool
          generation! *int64 = 0 @2
          name! string @1
          resourceSliceCount! int64 unchecked @3
        kind ResourceSlice # Devices that a driver offers.
          spec ResourceSliceSpec = {} @2
        type ResourceSliceSpec
          allNodes *bool @5
          devices [Device] @6
          driver! string @1
          nodeName string @3
          nodeSelector core.NodeSelector @4
          perDeviceNodeSelection *bool @7
          pool ResourcePool = {} @2
          sharedCounters [CounterSet] @8
        """#
}
