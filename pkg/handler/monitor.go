package handler

import (
	"context"

	"aura.radio/engine/pkg/api"
)

// Monitor serves what only a status monitor does. All of it is required; see
// NewMonitor.
type Monitor struct {
	// Status is what the monitor sees, and what it does about it.
	Status func(ctx context.Context) (api.MonitorStatus, error)
}

// GetMonitorStatus answers what the status monitor sees, and what it does about
// it.
func (m *Monitor) GetMonitorStatus(ctx context.Context, _ api.GetMonitorStatusRequestObject) (api.GetMonitorStatusResponseObject, error) {
	status, err := m.Status(ctx)
	if err != nil {
		return nil, err
	}
	return api.GetMonitorStatus200JSONResponse(status), nil
}
