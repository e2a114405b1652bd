extension DefaultRoles {
    /// What parts of Segler need that upstream does not have, or has elsewhere. In the notation of DefaultRoles.
    static let ownRoles = #"""
        role segler:controller:certificate-controller
          list core endpoints,nodes,services
          approve certificates.k8s.io signers kubernetes.io/kubelet-serving
        role segler:controller:event-ttl
          delete,get,list,watch core,events.k8s.io events
        role segler:controller:endpoint-controller
          list,watch core nodes
          create,delete,get,list,patch,update,watch discovery.k8s.io endpointslices
        role segler:controller:expand-controller
          get,list,watch storage.k8s.io storageclasses
        role segler:controller:job-controller
          get,update core pods
        role segler:controller:local-path-provisioner
          create,get,list,watch storage.k8s.io storageclasses
          create,delete,get,list,patch,update,watch core persistentvolumes
          get,list,patch,update,watch core persistentvolumeclaims
          get,list,watch core nodes
          create,patch,update core,events.k8s.io events
        role segler:controller:node-controller
          get,list,watch coordination.k8s.io leases
        role segler:controller:pod-garbage-collector
          get core pods
          update core pods/status
        role segler:controller:root-ca-cert-publisher
          get,list,watch core configmaps,namespaces
        role segler:controller:service-account-controller
          get,list,watch core namespaces,serviceaccounts
        role segler:controller:flowschema-controller
          get,list,watch flowcontrol.apiserver.k8s.io flowschemas,prioritylevelconfigurations
          patch,update flowcontrol.apiserver.k8s.io flowschemas/status
        role segler:controller:tokens-controller
          create,delete,get,list,patch,update,watch core secrets
          get,list,patch,update,watch core serviceaccounts
          create core serviceaccounts/token
        role segler:controller:template-instance-controller
          get,list,patch,update,watch template.openshift.io templateinstances
          update template.openshift.io templateinstances/status,templateinstances/finalizers
          create,patch,update core,events.k8s.io events
        bind segler:node-bootstrapper ClusterRole system:node-bootstrapper Group=system:bootstrappers:segler:nodes
        bind segler:node-autoapprove ClusterRole system:certificates.k8s.io:certificatesigningrequests:nodeclient Group=system:bootstrappers:segler:nodes
        bind segler:node-autoapprove-rotation ClusterRole system:certificates.k8s.io:certificatesigningrequests:selfnodeclient Group=system:nodes
        """#
}
