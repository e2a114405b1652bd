/// A Pod as an API server returns it, spaced out for reading.
let podText = #"""
    {
      "kind": "Pod",
      "apiVersion": "v1",
      "metadata": {
        "name": "shop-frontend-7c9d8f6b54-x2k7q",
        "generateName": "shop-frontend-7c9d8f6b54-",
        "namespace": "shop",
        "uid": "0d9c3c1e-6a43-4b62-9f3a-5c7de5b7a1f2",
        "resourceVersion": "184467",
        "generation": 1,
        "creationTimestamp": "2026-01-15T09:30:00Z",
        "labels": {
          "app.kubernetes.io/name": "frontend",
          "app.kubernetes.io/part-of": "shop",
          "app.kubernetes.io/version": "4.2.1",
          "pod-template-hash": "7c9d8f6b54",
          "tier": "web"
        },
        "annotations": {
          "prometheus.io/scrape": "true",
          "prometheus.io/port": "9090",
          "example.com/description": "Serves the shop's pages; see \"Runbook: frontend\".\nOwner: web team"
        },
        "ownerReferences": [
          {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": "shop-frontend-7c9d8f6b54",
            "uid": "7f0e54f4-2f4d-4a52-8d8c-3cbb5d3e7a10",
            "controller": true,
            "blockOwnerDeletion": true
          }
        ]
      },
      "spec": {
        "volumes": [
          {
            "name": "config",
            "configMap": {
              "name": "frontend-config",
              "items": [{"key": "app.yaml", "path": "app.yaml", "mode": 420}],
              "defaultMode": 420
            }
          },
          {"name": "cache", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
          {"name": "tls", "secret": {"secretName": "frontend-tls", "defaultMode": 420}},
          {
            "name": "kube-api-access-9wz5k",
            "projected": {
              "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {
                  "configMap": {
                    "name": "kube-root-ca.crt",
                    "items": [{"key": "ca.crt", "path": "ca.crt"}]
                  }
                }
              ],
              "defaultMode": 420
            }
          }
        ],
        "initContainers": [
          {
            "name": "migrate",
            "image": "registry.example.com/shop/migrate:4.2.1",
            "command": ["/bin/migrate", "--wait"],
            "resources": {},
            "volumeMounts": [{"name": "config", "readOnly": true, "mountPath": "/etc/app"}],
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent"
          }
        ],
        "containers": [
          {
            "name": "web",
            "image": "registry.example.com/shop/frontend:4.2.1",
            "command": ["/bin/frontend"],
            "args": ["--listen=:8080", "--config=/etc/app/app.yaml"],
            "ports": [
              {"name": "http", "containerPort": 8080, "protocol": "TCP"},
              {"name": "metrics", "containerPort": 9090, "protocol": "TCP"}
            ],
            "env": [
              {"name": "LOG_LEVEL", "value": "info"},
              {"name": "CATALOG_URL", "value": "http://catalog.shop.svc.cluster.local:8080"},
              {
                "name": "POD_NAME",
                "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}
              },
              {
                "name": "SESSION_KEY",
                "valueFrom": {"secretKeyRef": {"name": "frontend-session", "key": "key"}}
              }
            ],
            "resources": {
              "limits": {"cpu": "500m", "memory": "256Mi"},
              "requests": {"cpu": "100m", "memory": "128Mi"}
            },
            "volumeMounts": [
              {"name": "config", "readOnly": true, "mountPath": "/etc/app"},
              {"name": "cache", "mountPath": "/var/cache/app"},
              {"name": "tls", "readOnly": true, "mountPath": "/etc/tls"}
            ],
            "livenessProbe": {
              "httpGet": {
                "path": "/healthz",
                "port": 8080,
                "scheme": "HTTP",
                "httpHeaders": [{"name": "X-Probe", "value": "kubelet"}]
              },
              "initialDelaySeconds": 15,
              "timeoutSeconds": 1,
              "periodSeconds": 10,
              "successThreshold": 1,
              "failureThreshold": 3
            },
            "readinessProbe": {
              "httpGet": {
                "path": "/readyz",
                "port": 8080,
                "scheme": "HTTP",
                "httpHeaders": [{"name": "X-Probe", "value": "kubelet"}]
              },
              "initialDelaySeconds": 5,
              "timeoutSeconds": 1,
              "periodSeconds": 10,
              "successThreshold": 1,
              "failureThreshold": 3
            },
            "lifecycle": {"preStop": {"exec": {"command": ["/bin/sh", "-c", "sleep 5"]}}},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
            "securityContext": {
              "capabilities": {"drop": ["ALL"]},
              "runAsUser": 1000,
              "runAsNonRoot": true,
              "readOnlyRootFilesystem": true,
              "allowPrivilegeEscalation": false
            }
          }
        ],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "serviceAccountName": "frontend",
        "serviceAccount": "frontend",
        "nodeName": "worker-2",
        "securityContext": {"fsGroup": 1000},
        "schedulerName": "default-scheduler",
        "tolerations": [
          {
            "key": "node.kubernetes.io/not-ready",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300
          },
          {
            "key": "node.kubernetes.io/unreachable",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300
          }
        ],
        "priority": 0,
        "enableServiceLinks": true,
        "preemptionPolicy": "PreemptLowerPriority"
      },
      "status": {
        "phase": "Running",
        "conditions": [
          {
            "type": "PodReadyToStartContainers",
            "status": "True",
            "lastProbeTime": null,
            "lastTransitionTime": "2026-01-15T09:30:00Z"
          },
          {
            "type": "Initialized",
            "status": "True",
            "lastProbeTime": null,
            "lastTransitionTime": "2026-01-15T09:30:00Z"
          },
          {
            "type": "Ready",
            "status": "True",
            "lastProbeTime": null,
            "lastTransitionTime": "2026-01-15T09:30:00Z"
          },
          {
            "type": "ContainersReady",
            "status": "True",
            "lastProbeTime": null,
            "lastTransitionTime": "2026-01-15T09:30:00Z"
          },
          {
            "type": "PodScheduled",
            "status": "True",
            "lastProbeTime": null,
            "lastTransitionTime": "2026-01-15T09:30:00Z"
          }
        ],
        "hostIP": "10.20.0.12",
        "podIP": "10.244.2.17",
        "podIPs": [{"ip": "10.244.2.17"}],
        "startTime": "2026-01-15T09:30:00Z",
        "initContainerStatuses": [
          {
            "name": "migrate",
            "state": {
              "terminated": {
                "exitCode": 0,
                "reason": "Completed",
                "startedAt": "2026-01-15T09:30:00Z",
                "finishedAt": "2026-01-15T09:30:00Z"
              }
            },
            "ready": true,
            "restartCount": 0,
            "image": "registry.example.com/shop/migrate:4.2.1",
            "imageID": "registry.example.com/shop/migrate@sha256:5b1c7a0e7e0b7b6f4c1d4d6e8f9a0b1c2d3e4f5061728394a5b6c7d8e9f00112",
            "started": false
          }
        ],
        "containerStatuses": [
          {
            "name": "web",
            "state": {"running": {"startedAt": "2026-01-15T09:30:00Z"}},
            "ready": true,
            "restartCount": 0,
            "image": "registry.example.com/shop/frontend:4.2.1",
            "imageID": "registry.example.com/shop/frontend@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "started": true
          }
        ],
        "qosClass": "Burstable"
      }
    }
    """#
