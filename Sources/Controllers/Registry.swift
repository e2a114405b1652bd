/// A new controller is a folder, and a line here.
let registry: [any ClusterController.Type] = [
    EventTTL.self,
    GarbageCollector.self,
    NamespaceController.self,
    NodeLifecycle.self,
    PodGC.self,
    RootCAPublisher.self,
    ServiceAccountController.self,
]
