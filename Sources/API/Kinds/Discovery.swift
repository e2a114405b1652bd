// discovery.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let discovery = #"""
        group discovery.k8s.io v1 discovery
        resource endpointslices EndpointSlice namespaced generation
        type Endpoint
          addresses! [string] set
          conditions EndpointConditions = {}
          deprecatedTopology {string}
          hints EndpointHints
          hostname *string
          nodeName *string
          targetRef core.ObjectReference
          zone *string
        type EndpointConditions
          ready *bool
          serving *bool
          terminating *bool
        type EndpointHints
          forNodes [ForNode]
          forZones [ForZone]
        type EndpointPort atomic
          appProtocol string
          name *string = ""
          port *int32
          protocol string = TCP enum(SCTP|TCP|UDP)
        kind EndpointSlice
          addressType! string immutable enum(FQDN|IPv4|IPv6)
          endpoints [Endpoint] = null
          ports [EndpointPort] = null
        type ForNode
          name! string
        type ForZone
          name! string
        """#
}
