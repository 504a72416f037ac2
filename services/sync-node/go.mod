module aura.radio/engine/services/sync-node

go 1.26.0
