// meta.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let meta = #"""
        group meta.k8s.io v1 meta
        type Condition
          lastTransitionTime time = null
          message string = ""
          observedGeneration int64
          reason string = ""
          status string = ""
          type string = ""
        type DeleteOptions
          apiVersion string
          dryRun [string]
          gracePeriodSeconds *int64
          ignoreStoreReadErrorWithClusterBreakingPotential *bool
          kind string
          orphanDependents *bool
          preconditions Preconditions
          propagationPolicy string
        type FieldSelectorRequirement
          key! string
          operator! string
          values [string]
        type LabelSelector atomic
          matchExpressions [LabelSelectorRequirement]
          matchLabels {string}
        type LabelSelectorRequirement
          key! string
          operator! string enum(DoesNotExist|Exists|In|NotIn)
          values [string]
        type ManagedFieldsEntry
          apiVersion string
          fieldsType string
          fieldsV1 any
          manager string
          operation string
          subresource string
          time time
        type ObjectMeta
          annotations {string} format(annotations)
          creationTimestamp time
          deletionGracePeriodSeconds *int64
          deletionTimestamp time
          finalizers [string] set patch
          generateName string
          generation int64
          labels {string} format(labels)
          managedFields [ManagedFieldsEntry]
          name string
          namespace string
          ownerReferences [OwnerReference] map(uid) patch(uid)
          resourceVersion string
          selfLink string
          uid string
        type OwnerReference atomic
          apiVersion! string
          blockOwnerDeletion *bool
          controller *bool
          kind! string
          name! string
          uid! string
        type Preconditions
          resourceVersion string
          uid string
        """#
}
