package handler

import (
	"context"

	"aura.radio/engine/pkg/api"
)

// GetMonitorStatus answers what the status monitor sees, and what it does about
// it.
func (a *API) GetMonitorStatus(ctx context.Context, _ api.GetMonitorStatusRequestObject) (api.GetMonitorStatusResponseObject, error) {
	status, err := a.Monitor(ctx)
	if err != nil {
		return nil, err
	}
	return api.GetMonitorStatus200JSONResponse(status), nil
}
