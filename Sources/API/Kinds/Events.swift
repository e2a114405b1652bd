// events.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let events = #"""
        group events.k8s.io v1 events
        resource events Event namespaced short=ev fields=involvedObject.kind,involvedObject.namespace,involvedObject.name,involvedObject.uid,involvedObject.apiVersion,involvedObject.resourceVersion,involvedObject.fieldPath,reason,reportingComponent,source,type stored=v1
          column Last_Seen string eventLastSeen
          column Type string .type
          column Reason string .reason
          column Object string eventObject
          column Subobject string .regarding.fieldPath wide
          column Source string eventSource wide
          column Message string eventMessage
          column First_Seen string eventFirstSeen wide
          column Count string eventCount wide
          column Name name .metadata.name wide
        kind Event # Something that happened to an object.
          action string @6
          deprecatedCount int32 @15
          deprecatedFirstTimestamp time = null @13
          deprecatedLastTimestamp time = null @14
          deprecatedSource core.EventSource = {} @12
          eventTime microtime = null @2
          note string @10
          reason string @7
          regarding core.ObjectReference @8
          related core.ObjectReference @9
          reportingController string @4
          reportingInstance string @5
          series EventSeries @3
          type string @11
        type EventSeries
          count! int32 @1
          lastObservedTime microtime = null @2
        """#
}
