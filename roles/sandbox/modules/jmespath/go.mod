module gantry.dev/sandbox/jmespath

go 1.26.0

tool github.com/jmespath/go-jmespath/cmd/jpgo

require github.com/jmespath/go-jmespath v0.4.0 // indirect
