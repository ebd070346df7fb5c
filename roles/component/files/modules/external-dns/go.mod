// Pins the module that carries the custom resource definitions of external-dns; nothing of it is compiled.
module gantry.dev/components/external-dns

go 1.26

require sigs.k8s.io/external-dns v0.21.0
