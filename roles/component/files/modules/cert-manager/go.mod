// Pins the module that carries the custom resource definitions of cert-manager; nothing of it is compiled.
module gantry.dev/components/cert-manager

go 1.26

require github.com/cert-manager/cert-manager v1.21.2
