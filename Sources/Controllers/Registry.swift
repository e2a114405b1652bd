/// A new controller is a folder, and a line here.
let registry: [any ClusterController.Type] = [
    CronJobController.self,
    DisruptionController.self,
    EventTTL.self,
    GarbageCollector.self,
    JobController.self,
    NamespaceController.self,
    NodeLifecycle.self,
    PodGC.self,
    ResourceQuotaController.self,
    RootCAPublisher.self,
    ServiceAccountController.self,
    TTLAfterFinished.self,
    TaintEviction.self,
]
