// networking.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let networking = #"""
        group networking.k8s.io v1 networking
        resource ingressclasses IngressClass cluster generation
          column Name name .metadata.name
          column Controller string .spec.controller
          column Parameters string parameters
          column Age string age
        resource ingresses Ingress namespaced short=ing generation checks=1,2
          sub status get,patch,update
          column Name name .metadata.name
          column Class string .spec.ingressClassName|<none>
          column Hosts string ingressHosts
          column Address string ingressAddress
          column Ports string ingressPorts
          column Age string age
        resource ipaddresses IPAddress cluster short=ip name=ip
          column Name name .metadata.name
          column ParentRef string parentRef
        resource networkpolicies NetworkPolicy namespaced short=netpol generation
          column Name name .metadata.name
          column Pod-Selector string selector(.spec.podSelector)
          column Age string age
        resource servicecidrs ServiceCIDR cluster
          sub status get,patch,update
          column Name name .metadata.name
          column CIDRs string join(.spec.cidrs)
          column Age string age
        type HTTPIngressPath # Where the requests of a path go.
          backend IngressBackend = {} @2 # The service or object that answers.
          path string @1 # The path.
          pathType! string enum(Exact|ImplementationSpecific|Prefix) @3 # Exact, Prefix or ImplementationSpecific.
        type HTTPIngressRuleValue
          paths! [HTTPIngressPath] @1
        kind IPAddress # An address given out to a service.
          spec IPAddressSpec = {} @2
        type IPAddressSpec
          parentRef! ParentReference immutable @1
        type IPBlock
          cidr! string format(cidr) @1
          except [string] @2
        kind Ingress # Rules by which HTTP requests from outside reach services.
          spec IngressSpec = {} @2
          status IngressStatus = {} @3
        type IngressBackend
          resource core.TypedLocalObjectReference @3
          service IngressServiceBackend @4
        kind IngressClass # A kind of ingress controller.
          spec IngressClassSpec = {} @2
        type IngressClassParametersReference
          apiGroup string format(dns1123subdomain)
          kind! string format(pathSegment) @2
          name! string format(pathSegment) @3
          namespace string format(dns1123label) @5
          scope string @4
        type IngressClassSpec
          controller string immutable @1
          parameters IngressClassParametersReference @2
        type IngressLoadBalancerIngress
          hostname string @2
          ip string @1
          ports [IngressPortStatus] @4
        type IngressLoadBalancerStatus
          ingress [IngressLoadBalancerIngress] @1
        type IngressPortStatus
          error string @3
          port int32 = 0 @1
          protocol string = "" @2
        type IngressRule # The paths of one host.
          host string @1 # The host name; every one when empty.
          http HTTPIngressRuleValue @2.1 # The paths.
        type IngressServiceBackend
          name! string format(dns1123label) @1
          port ServiceBackendPort @2
        type IngressSpec # The rules of an ingress.
          defaultBackend IngressBackend @1 # Where requests go that no rule matches.
          ingressClassName *string @4 # Which ingress controller is meant.
          rules [IngressRule] @3 # The rules, by host and path.
          tls [IngressTLS] @2 # Hosts that are served with TLS, and their certificates.
        type IngressStatus
          loadBalancer IngressLoadBalancerStatus = {} @1
        type IngressTLS
          hosts [string] @1
          secretName string @2
        kind NetworkPolicy # Which traffic pods may have.
          spec NetworkPolicySpec = {} @2
        type NetworkPolicyEgressRule
          ports [NetworkPolicyPort] @1
          to [NetworkPolicyPeer] @2
        type NetworkPolicyIngressRule
          from [NetworkPolicyPeer] @2
          ports [NetworkPolicyPort] @1
        type NetworkPolicyPeer
          ipBlock IPBlock @3
          namespaceSelector meta.LabelSelector @2
          podSelector meta.LabelSelector @1
        type NetworkPolicyPort
          endPort *int32 range(1,65535) @3
          port *intstr port @2
          protocol string = TCP enum(SCTP|TCP|UDP) @1
        type NetworkPolicySpec # Which traffic the chosen pods may have.
          egress [NetworkPolicyEgressRule] @3 # Traffic that may leave the pods.
          ingress [NetworkPolicyIngressRule] @2 # Traffic that may reach the pods.
          podSelector meta.LabelSelector = {} @1 # The pods the policy is about; all of the namespace when empty.
          policyTypes [string] enum(Egress|Ingress) @4 # Whether the policy is about Ingress, Egress or both.
        type ParentReference
          group string format(dns1123subdomain) @1
          name! string format(pathSegment) @4
          namespace string format(pathSegment) @3
          resource! string format(pathSegment) @2
        type ServiceBackendPort atomic
          name string format(portName) @1
          number int32 range(1,65535) @2
        kind ServiceCIDR # A block of addresses for services.
          spec ServiceCIDRSpec = {} @2
          status ServiceCIDRStatus = {} @3
        type ServiceCIDRSpec
          cidrs [string] @1
        type ServiceCIDRStatus
          conditions [meta.Condition] map(type) patch(type) @1
        """#
}
