module aura.radio/engine/services/sync-node

go 1.26.0

require (
	aura.radio/engine/pkg v0.0.0
	pgregory.net/rapid v1.3.0
)

replace (
	aura.radio/engine/migrations => ../../migrations
	aura.radio/engine/pkg => ../../pkg
)
