module aura.radio/engine/migrations

go 1.26.0
