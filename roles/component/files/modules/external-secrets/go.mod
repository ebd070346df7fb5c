// Pins the module that carries the custom resource definitions of external-secrets; nothing of it is compiled.
module gantry.dev/components/external-secrets

go 1.26

require github.com/external-secrets/external-secrets v1.3.2
