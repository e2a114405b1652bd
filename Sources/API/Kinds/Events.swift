// events.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let events = #"""
        group events.k8s.io v1 events
        resource events Event namespaced short=ev fields=involvedObject.kind,involvedObject.namespace,involvedObject.name,involvedObject.uid,involvedObject.apiVersion,involvedObject.resourceVersion,involvedObject.fieldPath,reason,reportingComponent,source,type
          column Last_Seen string eventLastSeen
          column Type string .type
          column Reason string .reason
          column Object string eventObject
          column Subobject string .involvedObject.fieldPath wide
          column Source string eventSource wide
          column Message string eventMessage
          column First_Seen string eventFirstSeen wide
          column Count string eventCount wide
          column Name name .metadata.name wide
        kind Event
          action string
          deprecatedCount int32
          deprecatedFirstTimestamp time
          deprecatedLastTimestamp time
          deprecatedSource core.EventSource
          eventTime microtime = null
          note string
          reason string
          regarding core.ObjectReference
          related core.ObjectReference
          reportingController string
          reportingInstance string
          series EventSeries
          type string
        type EventSeries
          count! int32
          lastObservedTime microtime = null
        """#
}
