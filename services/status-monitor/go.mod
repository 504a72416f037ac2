module aura.radio/engine/services/status-monitor

go 1.26.0
