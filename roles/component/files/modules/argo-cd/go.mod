// Pins the module that carries the custom resource definitions of argo-cd; nothing of it is compiled.
module gantry.dev/components/argo-cd

go 1.26

require github.com/argoproj/argo-cd/v3 v3.2.1
