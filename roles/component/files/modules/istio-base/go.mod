// Pins the module that carries the custom resource definitions of istio-base; nothing of it is compiled.
module gantry.dev/components/istio-base

go 1.26

require istio.io/api v1.31.4
