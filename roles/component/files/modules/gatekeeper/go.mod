// Pins the module that carries the custom resource definitions of gatekeeper; nothing of it is compiled.
module gantry.dev/components/gatekeeper

go 1.26

require github.com/open-policy-agent/gatekeeper/v3 v3.23.1
