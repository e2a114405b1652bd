internal import JSON

// template.openshift.io API group: applications as objects with parameters. The notation is explained in Schema/Declaration.swift.
// https://docs.openshift.com/container-platform/latest/rest_api/template_apis/template-apis-index.html
extension Kinds {
    static let templates = #"""
        group template.openshift.io v1 template
        resource processedtemplates Template namespaced verbs=create
        resource templates Template namespaced
          column Name name .metadata.name
          column Description string .metadata.annotations.description
          column Parameters string templateParameters
          column Objects string templateObjects
        resource templateinstances TemplateInstance namespaced
          sub status get,patch,update
          column Name name .metadata.name
          column Template string .spec.template.metadata.name
          column Ready string templateReady
          column Age string age
        type Parameter
          description string @3 # What the value is for.
          displayName string @2 # The name as people read it.
          from string @6 # The expression that a value is made from, such as [a-zA-Z0-9]{8}.
          generate string @5 # `expression`: a value is made unless one is given.
          name! string @1 # The name between ${ and }.
          required bool @7 # Whether the parameter must have a value.
          value string @4 # The value unless another is given.
        kind Template # Objects with places for parameters.
          labels {string} @5 # For every object.
          message string @2 # For the user, when the objects are there.
          objects! [any] @3 # The objects; ${NAME} stands for a parameter's value.
          parameters [Parameter] @4 # What the places stand for.
        kind TemplateInstance # A Template at work: its objects live and end with it.
          spec TemplateInstanceSpec = {} @2
          status TemplateInstanceStatus = {} @3
        type TemplateInstanceCondition
          lastTransitionTime time @3
          message string @5
          reason string @4
          status! string @2
          type! string @1
        type TemplateInstanceObject
          ref core.ObjectReference @1
        type TemplateInstanceRequester
          extra {[string]} @4
          groups [string] @3
          uid string @2
          username string @1
        type TemplateInstanceSpec
          requester *TemplateInstanceRequester @3 # Who asked for it; the server says so.
          secret *core.LocalObjectReference @2 # Its keys are parameters, its values theirs.
          template! Template @1
        type TemplateInstanceStatus
          conditions [TemplateInstanceCondition] map(type) patch(type) @1
          objects [TemplateInstanceObject] @2
        """#

    static let templateChecks: [String: Check] = [
        "template.v1.Template": { template, path, errors in
            for (index, object) in template["objects"].items.enumerated() where object["kind"].text.isEmpty {
                errors.append(.required(path["objects"][index]["kind"], "what kind of object it is"))
            }
            // Its own words name the parameter.
            var template = template
            template["kind"] = "Template"
            template["apiVersion"] = .string(Template.apiVersion)
            do throws(Template.Failure) { _ = try Template(template) } catch {
                errors.append(.invalid(path["parameters"], template["parameters"], error.description))
            }
        }
    ]

    static let templateUpdateChecks: [String: UpdateCheck] = [
        "template.v1.TemplateInstanceSpec": { new, old, path, errors in
            if new != old { errors.append(.invalid(path, new, "field is immutable")) }
        }
    ]
}
