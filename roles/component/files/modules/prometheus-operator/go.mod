// Pins the module that carries the custom resource definitions of prometheus-operator; nothing of it is compiled.
module gantry.dev/components/prometheus-operator

go 1.26

require github.com/prometheus-operator/prometheus-operator v0.85.0
