// networking.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let networking = #"""
        group networking.k8s.io v1 networking
        resource ingressclasses IngressClass cluster generation
        resource ingresses Ingress namespaced short=ing generation
          sub status get,patch,update
        resource ipaddresses IPAddress cluster short=ip
        resource networkpolicies NetworkPolicy namespaced short=netpol generation
        resource servicecidrs ServiceCIDR cluster
          sub status get,patch,update
        type HTTPIngressPath
          backend IngressBackend = {}
          path string
          pathType! string enum(Exact|ImplementationSpecific|Prefix)
        type HTTPIngressRuleValue
          paths! [HTTPIngressPath]
        kind IPAddress
          spec IPAddressSpec = {}
        type IPAddressSpec
          parentRef ParentReference = {}
        type IPBlock
          cidr! string
          except [string]
        kind Ingress
          spec IngressSpec = {}
          status IngressStatus = {}
        type IngressBackend
          resource core.TypedLocalObjectReference
          service IngressServiceBackend
        kind IngressClass
          spec IngressClassSpec = {}
        type IngressClassParametersReference
          apiGroup string
          kind! string
          name! string
          namespace string
          scope string
        type IngressClassSpec
          controller string
          parameters IngressClassParametersReference
        type IngressLoadBalancerIngress
          hostname string
          ip string
          ports [IngressPortStatus]
        type IngressLoadBalancerStatus
          ingress [IngressLoadBalancerIngress]
        type IngressPortStatus
          error string
          port int32 = 0
          protocol string = ""
        type IngressRule
          host string
          http HTTPIngressRuleValue
        type IngressServiceBackend
          name! string
          port ServiceBackendPort
        type IngressSpec
          defaultBackend IngressBackend
          ingressClassName *string
          rules [IngressRule]
          tls [IngressTLS]
        type IngressStatus
          loadBalancer IngressLoadBalancerStatus = {}
        type IngressTLS
          hosts [string]
          secretName string
        kind NetworkPolicy
          spec NetworkPolicySpec = {}
        type NetworkPolicyEgressRule
          ports [NetworkPolicyPort]
          to [NetworkPolicyPeer]
        type NetworkPolicyIngressRule
          from [NetworkPolicyPeer]
          ports [NetworkPolicyPort]
        type NetworkPolicyPeer
          ipBlock IPBlock
          namespaceSelector meta.LabelSelector
          podSelector meta.LabelSelector
        type NetworkPolicyPort
          endPort *int32
          port intstr
          protocol string = TCP enum(SCTP|TCP|UDP)
        type NetworkPolicySpec
          egress [NetworkPolicyEgressRule]
          ingress [NetworkPolicyIngressRule]
          podSelector meta.LabelSelector = {}
          policyTypes [string] enum(Egress|Ingress)
        type ParentReference
          group string
          name! string
          namespace string
          resource! string
        type ServiceBackendPort atomic
          name string
          number int32
        kind ServiceCIDR
          spec ServiceCIDRSpec = {}
          status ServiceCIDRStatus = {}
        type ServiceCIDRSpec
          cidrs [string]
        type ServiceCIDRStatus
          conditions [meta.Condition] map(type) patch(type)
        """#
}
