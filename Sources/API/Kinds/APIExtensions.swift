// apiextensions.k8s.io API group: the kinds, their fields and rules. The notation is explained in Schema/Declaration.swift.
extension Kinds {
    static let apiExtensions = #"""
        group apiextensions.k8s.io v1 apiextensions
        resource customresourcedefinitions CustomResourceDefinition cluster short=crd,crds categories=api-extensions generation checks=1,2
          sub status get,patch,update
        type CustomResourceColumnDefinition
          description string
          format string
          jsonPath! string
          name! string
          priority int32
          type! string
        type CustomResourceConversion
          strategy! string enum(None|Webhook)
          webhook WebhookConversion
        kind CustomResourceDefinition # A kind of objects that users add to the API.
          spec CustomResourceDefinitionSpec = {}
          status CustomResourceDefinitionStatus = {}
        type CustomResourceDefinitionCondition
          lastTransitionTime time
          message string
          observedGeneration int64
          reason string
          status string = ""
          type string = ""
        type CustomResourceDefinitionNames
          categories [string]
          kind! string unchecked
          listKind string
          plural! string unchecked
          shortNames [string]
          singular string
        type CustomResourceDefinitionSpec
          conversion CustomResourceConversion = {"strategy":"None"}
          group! string
          names CustomResourceDefinitionNames = {}
          preserveUnknownFields bool
          scope! string enum(Cluster|Namespaced)
          versions! [CustomResourceDefinitionVersion] unchecked
        type CustomResourceDefinitionStatus
          acceptedNames CustomResourceDefinitionNames = {"plural":"","kind":""}
          conditions [CustomResourceDefinitionCondition] = null map(type)
          observedGeneration int64
          storedVersions [string] = null
        type CustomResourceDefinitionVersion
          additionalPrinterColumns [CustomResourceColumnDefinition] unvalidated
          deprecated bool
          deprecationWarning string
          name! string unchecked
          schema CustomResourceValidation
          selectableFields [SelectableField]
          served bool = false
          storage bool = false
          subresources CustomResourceSubresources
        type CustomResourceSubresourceScale
          labelSelectorPath string
          specReplicasPath! string unchecked
          statusReplicasPath! string unchecked
        type CustomResourceSubresourceStatus
        type CustomResourceSubresources
          scale CustomResourceSubresourceScale
          status CustomResourceSubresourceStatus
        type CustomResourceValidation
          openAPIV3Schema JSONSchemaProps unvalidated
        type ExternalDocumentation
          description string
          url string
        type JSONSchemaProps
          $ref string
          $schema string
          additionalItems JSONSchemaPropsOrBool
          additionalProperties JSONSchemaPropsOrBool
          allOf [JSONSchemaProps]
          anyOf [JSONSchemaProps]
          default any
          definitions {JSONSchemaProps}
          dependencies {JSONSchemaPropsOrStringArray}
          description string
          enum [any]
          example any
          exclusiveMaximum bool
          exclusiveMinimum bool
          externalDocs ExternalDocumentation
          format string
          id string
          items JSONSchemaPropsOrArray
          maxItems *int64
          maxLength *int64
          maxProperties *int64
          maximum *double
          minItems *int64
          minLength *int64
          minProperties *int64
          minimum *double
          multipleOf *double
          not JSONSchemaProps
          nullable bool
          oneOf [JSONSchemaProps]
          pattern string
          patternProperties {JSONSchemaProps}
          properties {JSONSchemaProps}
          required [string]
          title string
          type string
          uniqueItems bool
          x-kubernetes-embedded-resource bool
          x-kubernetes-int-or-string bool
          x-kubernetes-list-map-keys [string]
          x-kubernetes-list-type string
          x-kubernetes-map-type string
          x-kubernetes-preserve-unknown-fields *bool
          x-kubernetes-validations [ValidationRule] map(rule) patch(rule)
        type SelectableField
          jsonPath! string
        type ServiceReference
          name! string
          namespace! string
          path string
          port *int32 = 443
        type ValidationRule
          fieldPath string
          message string
          messageExpression string
          optionalOldSelf *bool
          reason string
          rule! string
        type WebhookClientConfig
          caBundle bytes
          service ServiceReference
          url string
        type WebhookConversion
          clientConfig WebhookClientConfig
          conversionReviewVersions! [string]
        """#
}
