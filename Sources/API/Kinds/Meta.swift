// meta.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let meta = #"""
        group meta.k8s.io v1 meta
        type Condition
          lastTransitionTime time = null @4
          message string = "" @6
          observedGeneration int64 @3
          reason string = "" @5
          status string = "" @2
          type string = "" @1
        type DeleteOptions
          apiVersion string
          dryRun [string] @5
          gracePeriodSeconds *int64 @1
          ignoreStoreReadErrorWithClusterBreakingPotential *bool @6
          kind string
          orphanDependents *bool @3
          preconditions Preconditions @2
          propagationPolicy string @4
        type FieldSelectorRequirement
          key! string @1
          operator! string @2
          values [string] @3
        type LabelSelector atomic # Chooses objects by their labels; all requirements must hold.
          matchExpressions [LabelSelectorRequirement] @2 # Requirements on keys, with In, NotIn, Exists or DoesNotExist.
          matchLabels {string} format(labels) @1 # Labels that must be there with these values.
        type LabelSelectorRequirement # One requirement on a label.
          key! string unchecked @1 # The label's key.
          operator! string unchecked @2 # In, NotIn, Exists or DoesNotExist.
          values [string] @3 # Values for In and NotIn.
        type ManagedFieldsEntry
          apiVersion string @3
          fieldsType string @6
          fieldsV1 any @7
          manager string @1
          operation string @2
          subresource string @8
          time time @4
        type ObjectMeta # What every stored object carries: its name, its identity and what others say about it.
          annotations {string} format(annotations) @12 # Free-form notes for tools and people; not for selecting.
          creationTimestamp time @8 # When the server created the object. Set by the server.
          deletionGracePeriodSeconds *int64 @10 # Seconds the object had to end by itself when its deletion began. Set by the server.
          deletionTimestamp time @9 # When the object will be or was asked to go. Set by the server.
          finalizers [string] set patch @14 # Names of those who must finish before the object disappears.
          generateName string @2 # A prefix from which the server makes a unique name when none is given.
          generation int64 @7 # Counts the changes of what is wanted. Set by the server.
          labels {string} format(labels) @11 # Keys and values by which objects are grouped and selected.
          managedFields [ManagedFieldsEntry] @17 # Who set which fields last. Kept by the server.
          name string @1 # The object's name, unique among its kind in its namespace.
          namespace string @3 # The namespace the object lives in.
          ownerReferences [OwnerReference] map(uid) patch(uid) @13 # Objects this one belongs to; when all are gone, it is collected.
          resourceVersion string @6 # Changes with every write; for watching and for detecting concurrent changes.
          selfLink string @4
          uid string @5 # Unique in time and space. Set by the server.
        type OwnerReference atomic
          apiVersion! string unchecked @5
          blockOwnerDeletion *bool @7
          controller *bool @6
          kind! string unchecked @1
          name! string unchecked @3
          uid! string unchecked @4
        type Preconditions
          resourceVersion string @2
          uid string @1
        """#
}
