// Pins the module that carries the custom resource definitions of argo-rollouts; nothing of it is compiled.
module gantry.dev/components/argo-rollouts

go 1.26

require github.com/argoproj/argo-rollouts v1.9.0
