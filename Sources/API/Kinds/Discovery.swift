// discovery.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let discovery = #"""
        group discovery.k8s.io v1 discovery
        resource endpointslices EndpointSlice namespaced generation checks=2,1
          column Name name .metadata.name
          column AddressType string .addressType
          column Ports string slicePorts
          column Endpoints string sliceEndpoints
          column Age string age
        type Endpoint
          addresses! [string] set @1
          conditions EndpointConditions = {} @2
          deprecatedTopology {string} @5
          hints EndpointHints @8
          hostname *string format(dns1123label) @3
          nodeName *string format(dns1123subdomain) @6
          targetRef core.ObjectReference @4
          zone *string @7
        type EndpointConditions
          ready *bool @1
          serving *bool @2
          terminating *bool @3
        type EndpointHints
          forNodes [ForNode] @2
          forZones [ForZone] @1
        type EndpointPort atomic
          appProtocol string format(qualifiedName) @4
          name *string = "" format(dns1123label) @1
          port *int32 range(1,65535) @3
          protocol string = TCP enum(SCTP|TCP|UDP) @2
        kind EndpointSlice # Some of the addresses behind a service.
          addressType! string immutable enum(FQDN|IPv4|IPv6) @4
          endpoints [Endpoint] = null @2
          ports [EndpointPort] = null @3
        type ForNode
          name! string @1
        type ForZone
          name! string @1
        """#
}
