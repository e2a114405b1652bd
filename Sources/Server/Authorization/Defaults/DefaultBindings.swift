extension DefaultRoles {
    /// Who has the roles of a new cluster. Each controller has the role of its name besides.
    static let bindings = #"""
        bind cluster-admin ClusterRole cluster-admin Group=system:masters
        bind system:basic-user ClusterRole system:basic-user Group=system:authenticated
        bind system:discovery ClusterRole system:discovery Group=system:authenticated
        bind system:kube-controller-manager ClusterRole system:kube-controller-manager User=system:kube-controller-manager
        bind system:kubelet-api-admin ClusterRole system:kubelet-api-admin User=kube-apiserver-kubelet-client
        bind system:kube-dns ClusterRole system:kube-dns ServiceAccount=kube-system/kube-dns
        bind system:kube-scheduler ClusterRole system:kube-scheduler User=system:kube-scheduler
        bind system:monitoring ClusterRole system:monitoring Group=system:monitoring
        bind system:node ClusterRole system:node 
        bind system:node-proxier ClusterRole system:node-proxier User=system:kube-proxy
        bind system:openshift:public-info-viewer ClusterRole system:openshift:public-info-viewer Group=system:authenticated Group=system:unauthenticated
        bind system:public-info-viewer ClusterRole system:public-info-viewer Group=system:authenticated Group=system:unauthenticated
        bind system:service-account-issuer-discovery ClusterRole system:service-account-issuer-discovery Group=system:serviceaccounts
        bind system:volume-scheduler ClusterRole system:volume-scheduler User=system:kube-scheduler
        bind kube-public/system:controller:bootstrap-signer Role system:controller:bootstrap-signer ServiceAccount=kube-system/bootstrap-signer
        bind kube-system/system::extension-apiserver-authentication-reader Role extension-apiserver-authentication-reader User=system:kube-controller-manager User=system:kube-scheduler
        bind kube-system/system::leader-locking-kube-controller-manager Role system::leader-locking-kube-controller-manager User=system:kube-controller-manager ServiceAccount=kube-system/kube-controller-manager ServiceAccount=kube-system/leader-election-controller
        bind kube-system/system::leader-locking-kube-scheduler Role system::leader-locking-kube-scheduler User=system:kube-scheduler ServiceAccount=kube-system/kube-scheduler
        bind kube-system/system:controller:bootstrap-signer Role system:controller:bootstrap-signer ServiceAccount=kube-system/bootstrap-signer
        bind kube-system/system:controller:cloud-provider Role system:controller:cloud-provider ServiceAccount=kube-system/cloud-provider
        bind kube-system/system:controller:token-cleaner Role system:controller:token-cleaner ServiceAccount=kube-system/token-cleaner
        """#
}
