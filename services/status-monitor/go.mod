module aura.radio/engine/services/status-monitor

go 1.26.0

require (
	aura.radio/engine/pkg v0.0.0
	github.com/rs/zerolog v1.35.1
	go.uber.org/goleak v1.3.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/caarlos0/env/v10 v10.0.0 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace (
	aura.radio/engine/migrations => ../../migrations
	aura.radio/engine/pkg => ../../pkg
)
