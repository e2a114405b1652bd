// metrics.k8s.io API group: what Pods and nodes use now. Nothing of it is stored. The notation is explained in
// Schema/Declaration.swift. https://github.com/kubernetes/metrics/blob/master/pkg/apis/metrics/v1beta1/types.go
extension Kinds {
    static let metrics = #"""
        group metrics.k8s.io v1beta1 metrics
        resource nodes NodeMetrics cluster verbs=get,list
          column Name name .metadata.name
          column CPU string .usage.cpu
          column Memory string .usage.memory
          column Window string .window
        resource pods PodMetrics namespaced verbs=get,list
          column Name name .metadata.name
          column Window string .window
        type ContainerMetrics
          name! string @1
          usage! {quantity} @2
        kind NodeMetrics # Resource usage of a node.
          timestamp! time @2
          usage! {quantity} @4
          window! string @3
        kind PodMetrics # Resource usage of a Pod.
          containers! [ContainerMetrics] @4
          timestamp! time @2
          window! string @3
        """#
}
