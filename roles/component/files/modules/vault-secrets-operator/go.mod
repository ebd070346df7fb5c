// Pins the module that carries the custom resource definitions of vault-secrets-operator; nothing of it is compiled.
module gantry.dev/components/vault-secrets-operator

go 1.26

require github.com/hashicorp/vault-secrets-operator v0.10.0
