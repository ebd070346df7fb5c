// Pins the module that carries the custom resource definitions of gateway-api; nothing of it is compiled.
module gantry.dev/components/gateway-api

go 1.26

require sigs.k8s.io/gateway-api v1.4.1
