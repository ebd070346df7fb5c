// Pins the module that carries the custom resource definitions of vertical-pod-autoscaler; nothing of it is compiled.
module gantry.dev/components/vertical-pod-autoscaler

go 1.26

require k8s.io/autoscaler/vertical-pod-autoscaler v1.6.0
