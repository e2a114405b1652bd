// apiregistration.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let apiRegistration = #"""
        group apiregistration.k8s.io v1 apiregistration
        resource apiservices APIService cluster categories=api-extensions
          sub status get,patch,update
          column Name name .metadata.name
          column Service string apiService
          column Available string apiServiceAvailable
          column Age string age
        kind APIService # A part of the API and who serves it.
          spec APIServiceSpec = {}
          status APIServiceStatus = {}
        type APIServiceCondition
          lastTransitionTime time
          message string
          reason string
          status string = ""
          type string = ""
        type APIServiceSpec
          caBundle bytes
          group string
          groupPriorityMinimum! int32 unchecked range(1,20000)
          insecureSkipTLSVerify bool
          service ServiceReference
          version string
          versionPriority! int32 unchecked range(1,1000)
        type APIServiceStatus
          conditions [APIServiceCondition] map(type) patch(type)
        type ServiceReference
          name string
          namespace string
          port *int32 = 443
        """#
}
