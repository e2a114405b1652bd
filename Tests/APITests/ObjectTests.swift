import JSON
import Testing

@testable import API

/// Objects on their way in: decoding, defaults, validation, conversion.
@Suite struct ObjectTests {
    let kinds: BuiltInKinds
    init() throws { kinds = try BuiltInKinds() }

    private func decode(_ type: String, _ text: String) throws -> (value: JSONValue, unknown: [String]) {
        var decoder = Decoder(kinds.schema)
        let value = try decoder.decode(
            JSONDocument(Array(text.utf8)).root, type: #require(kinds.schema.type(named: type)))
        return (value, decoder.unknownFields)
    }

    private func problems(_ type: String, _ text: String) throws -> Set<String> {
        var validator = Validator(kinds.schema)
        validator.validate(try decode(type, text).value, type: try #require(kinds.schema.type(named: type)))
        return Set(validator.errors.map { "\($0.field) \($0.reason)" })
    }

    @Test func unknownFieldsAreLeftOutAndListed() throws {
        let (value, unknown) = try decode(
            "core.v1.ConfigMap", #"{"data":{"a":"1"},"extra":1,"metadata":{"name":"a","nonsense":{}}}"#)
        #expect(Set(unknown) == ["extra", "metadata.nonsense"])
        #expect(!value.has("extra") && value["data"]["a"] == "1")
    }

    @Test(arguments: [
        ("core.v1.ConfigMap", #"{"data":{"a":1}}"#, "data.a"),
        ("apps.v1.Deployment", #"{"spec":{"replicas":"three"}}"#, "spec.replicas"),
        ("core.v1.Pod", #"{"spec":{"containers":{"name":"a"}}}"#, "spec.containers"),
        ("core.v1.PersistentVolume", #"{"spec":{"capacity":{"storage":"2Gib"}}}"#, "spec.capacity.storage"),
        ("core.v1.Secret", #"{"data":{"a":"%"}}"#, "data.a"),
    ])
    func wrongTypesNameTheirPlace(_ type: String, _ text: String, _ path: String) throws {
        do {
            _ = try decode(type, text)
            Issue.record("was accepted")
        } catch let error as TypeMismatch {
            #expect(error.path == path)
        }
    }

    @Test func aPodGetsItsDefaults() throws {
        let pod = try decode(
            "core.v1.Pod",
            #"{"metadata":{"name":"a"},"spec":{"containers":[{"name":"a","image":"x:1","resources":{"limits":{"cpu":"0.5"}},"livenessProbe":{"httpGet":{"port":80}}}]}}"#
        ).value["spec"]
        #expect(
            pod["restartPolicy"] == "Always" && pod["dnsPolicy"] == "ClusterFirst"
                && pod["terminationGracePeriodSeconds"] == 30)
        let container = pod["containers"][0]
        #expect(container["imagePullPolicy"] == "IfNotPresent")
        #expect(container["resources"]["requests"]["cpu"] == "500m")
        #expect(
            container["livenessProbe"]["httpGet"]["path"] == "/" && container["livenessProbe"]["periodSeconds"] == 10)
    }

    @Test func aJobsDefaultsAreNotThoseOfATemplateOfOne() throws {
        let pod = #"{"template":{"spec":{"containers":[{"name":"a","image":"b"}],"restartPolicy":"Never"}}}"#
        let job = try decode("batch.v1.Job", #"{"spec":\#(pod)}"#).value
        #expect(job["spec"]["completions"] == 1 && job["spec"]["backoffLimit"] == 6)
        let cron = try decode("batch.v1.CronJob", #"{"spec":{"schedule":"@daily","jobTemplate":{"spec":\#(pod)}}}"#)
            .value
        #expect(
            !cron["spec"]["jobTemplate"]["spec"].has("completions")
                && !cron["spec"]["jobTemplate"]["spec"].has("backoffLimit"))
        #expect(cron["spec"]["concurrencyPolicy"] == "Allow")
    }

    @Test func anUpdateByPercentKeepsItsZero() throws {
        let strategy = try decode("apps.v1.DeploymentStrategy", #"{"rollingUpdate":{"maxUnavailable":0}}"#).value
        #expect(strategy["rollingUpdate"] == ["maxUnavailable": 0, "maxSurge": "25%"])
        #expect(try decode("apps.v1.DeploymentStrategy", #"{"type":"Recreate"}"#).value == ["type": "Recreate"])
    }

    @Test func ofAUnionTheFirstCountsAndTheOthersAreForbidden() throws {
        let name = #""name":"v","#
        #expect(
            try problems("core.v1.Volume", #"{\#(name)"hostPath":{"path":"/a"},"emptyDir":{},"secret":{}}"#) == [
                "hostPath forbidden", "secret forbidden",
            ])
        #expect(try problems("core.v1.Probe", "{}") == [" required"])
    }

    @Test func manyThingsAreWrongWithThisPod() throws {
        let found = try problems(
            "core.v1.Pod",
            #"""
            {"spec":{"restartPolicy":"Sometimes","activeDeadlineSeconds":-1,"containers":[
              {"name":"a","image":"x","env":[{"name":"1=2"}],"ports":[{"containerPort":0}],"volumeMounts":[{"name":"no","mountPath":"/x"}]},
              {"name":"a","resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1"}}}],
              "tolerations":[{"operator":"Exists","value":"x"}],"volumes":[{"name":"v","configMap":{}}]}}
            """#)
        #expect(
            found == [
                "spec.restartPolicy notSupported", "spec.activeDeadlineSeconds invalid",
                "spec.containers[0].env[0].name invalid",
                "spec.containers[0].ports[0].containerPort required",
                "spec.containers[0].volumeMounts[0].name notFound",
                "spec.containers[1].name duplicate", "spec.containers[1].image required",
                "spec.containers[1].resources.requests invalid",
                "spec.tolerations[0].operator invalid", "spec.volumes[0].configMap.name required",
            ])
    }

    @Test func aSelectorMustFindItsOwnPods() throws {
        let template = #"{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"a","image":"b"}]}}"#
        func found(_ selector: String) throws -> Set<String> {
            try problems("apps.v1.Deployment", #"{"spec":{"selector":\#(selector),"template":\#(template)}}"#)
        }
        #expect(try found(#"{"matchLabels":{"app":"a"}}"#).isEmpty)
        #expect(try found(#"{"matchLabels":{"app":"b"}}"#) == ["spec.template.metadata.labels invalid"])
        #expect(try found("{}") == ["spec.selector invalid"])
        #expect(try found("null") == ["spec.selector required", "spec.template.metadata.labels invalid"])
    }

    @Test func aClaimTemplateIsAVolumeOfAStatefulSet() throws {
        func found(_ volume: String) throws -> Set<String> {
            try problems(
                "apps.v1.StatefulSet",
                #"""
                {"spec":{"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"a","image":"b",
                "volumeMounts":[{"name":"\#(volume)","mountPath":"/d"}]}]}},
                "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}}
                """#)
        }
        #expect(try found("data").isEmpty)
        #expect(try found("other") == ["spec.template.spec.containers[0].volumeMounts[0].name notFound"])
    }

    @Test func whatMayNotChangeIsFound() throws {
        func found(_ type: String, _ old: JSONValue, _ new: JSONValue) throws -> [String] {
            var validator = Validator(kinds.schema)
            validator.validateUpdate(new, old, type: try #require(kinds.schema.type(named: type)))
            return validator.errors.map { "\($0.field) \($0.reason)" }
        }
        #expect(
            try found("apps.v1.StatefulSet", ["spec": ["serviceName": "a"]], ["spec": ["serviceName": "b"]]) == [
                "spec forbidden"
            ])
        #expect(try found("apps.v1.StatefulSet", ["spec": ["replicas": 1]], ["spec": ["replicas": 2]]).isEmpty)
        #expect(
            try found("rbac.v1.RoleBinding", ["roleRef": ["name": "a"]], ["roleRef": ["name": "b"]]) == [
                "roleRef invalid"
            ])
        #expect(
            try found("storage.v1.StorageClass", ["provisioner": "a"], ["provisioner": "b"]) == [
                "provisioner forbidden"
            ])
    }

    @Test func autoscalersTravelBetweenTheirVersions() throws {
        let v1 = try #require(
            kinds.resources.first { $0.apiVersion == "autoscaling/v1" && $0.name == "horizontalpodautoscalers" })
        let conversion = try #require(v1.conversion)
        let given = try JSONValue(
            parsing: Array(
                #"{"metadata":{"name":"a"},"spec":{"maxReplicas":3,"targetCPUUtilizationPercentage":70}}"#.utf8))
        var object = try #require(given.object)
        conversion.toStored(&object)
        let metric = object["spec"]?["metrics"][0] ?? nil
        #expect(metric["resource"]["target"]["averageUtilization"] == 70)
        conversion.fromStored(&object)
        #expect(object["spec"]?["targetCPUUtilizationPercentage"] == 70)
        #expect(object["spec"]?.has("metrics") == false)
    }

    @Test func metricsThatTheOldVersionDoesNotKnowSurviveInAnAnnotation() throws {
        let v1 = try #require(
            kinds.resources.first { $0.apiVersion == "autoscaling/v1" && $0.name == "horizontalpodautoscalers" })
        let conversion = try #require(v1.conversion)
        let metrics: JSONValue = [
            [
                "type": "Pods",
                "pods": ["metric": ["name": "m"], "target": ["type": "AverageValue", "averageValue": "5"]],
            ]
        ]
        var object: JSONObject = ["metadata": ["name": "a"], "spec": ["maxReplicas": 3, "metrics": metrics]]
        conversion.fromStored(&object)
        #expect(object["metadata"]?["annotations"].has("autoscaling.alpha.kubernetes.io/metrics") == true)
        conversion.toStored(&object)
        #expect(object["spec"]?["metrics"] == metrics)
        #expect(object["metadata"] == ["name": "a"])
    }

    /// A ConfigMap as an old kubectl would send it: `k8s\0`, then Unknown{typeMeta, raw}.
    @Test func aProtobufBodyIsReadByFieldNumbers() throws {
        func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }
        let entry = field(1, Array("key".utf8)) + field(2, Array("value".utf8))
        let object = field(1, field(1, Array("name".utf8))) + field(2, entry)
        let typeMeta = field(1, Array("v1".utf8)) + field(2, Array("ConfigMap".utf8))
        let body = [0x6b, 0x38, 0x73, 0] + field(1, typeMeta) + field(2, object)
        let value = try ProtobufReader(kinds.schema).object(
            body, type: #require(kinds.schema.type(named: "core.v1.ConfigMap")))
        #expect(value["kind"] == "ConfigMap" && value["apiVersion"] == "v1")
        #expect(value["metadata"]["name"] == "name" && value["data"] == ["key": "value"])
        for cut in 5..<body.count {
            _ = try? ProtobufReader(kinds.schema).object(
                Array(body.prefix(cut)), type: #require(kinds.schema.type(named: "core.v1.ConfigMap")))
        }
    }
}
