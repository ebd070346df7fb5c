// Pins the module that carries the custom resource definitions of eck-operator; nothing of it is compiled.
module gantry.dev/components/eck-operator

go 1.26

require github.com/elastic/cloud-on-k8s/v3 v3.5.0
