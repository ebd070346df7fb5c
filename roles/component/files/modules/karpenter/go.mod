// Pins the module that carries the custom resource definitions of karpenter; nothing of it is compiled.
module gantry.dev/components/karpenter

go 1.26

require github.com/aws/karpenter-provider-aws v1.14.1
