// Pins the module that carries the custom resource definitions of velero; nothing of it is compiled.
module gantry.dev/components/velero

go 1.26

require github.com/vmware-tanzu/velero v1.18.3
