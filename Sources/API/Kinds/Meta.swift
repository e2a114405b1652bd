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
        type LabelSelector atomic
          matchExpressions [LabelSelectorRequirement] @2
          matchLabels {string} format(labels) @1
        type LabelSelectorRequirement
          key! string unchecked @1
          operator! string unchecked @2
          values [string] @3
        type ManagedFieldsEntry
          apiVersion string @3
          fieldsType string @6
          fieldsV1 any @7
          manager string @1
          operation string @2
          subresource string @8
          time time @4
        type ObjectMeta
          annotations {string} format(annotations) @12
          creationTimestamp time @8
          deletionGracePeriodSeconds *int64 @10
          deletionTimestamp time @9
          finalizers [string] set patch @14
          generateName string @2
          generation int64 @7
          labels {string} format(labels) @11
          managedFields [ManagedFieldsEntry] @17
          name string @1
          namespace string @3
          ownerReferences [OwnerReference] map(uid) patch(uid) @13
          resourceVersion string @6
          selfLink string @4
          uid string @5
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
