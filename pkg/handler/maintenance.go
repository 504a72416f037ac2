package handler

import (
	"context"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// ListMaintenance answers the last maintenance report of each source.
func (s *SyncNode) ListMaintenance(ctx context.Context, _ api.ListMaintenanceRequestObject) (api.ListMaintenanceResponseObject, error) {
	found, err := s.Maintenance.All(ctx)
	if err != nil {
		return nil, err
	}
	body := make(api.ListMaintenance200JSONResponse, len(found))
	for i, m := range found {
		body[i] = api.Maintenance{Source: m.Source, On: m.On, By: m.By, Reason: m.Reason, ChangedAt: s.Zone.Stamp(m.ChangedAt)}
	}
	return body, nil
}

// SetMaintenance records that somebody works on a source, or has finished.
func (s *SyncNode) SetMaintenance(ctx context.Context, r api.SetMaintenanceRequestObject) (api.SetMaintenanceResponseObject, error) {
	return api.StoredResponse{}, s.setMaintenance(ctx, r.Number, *r.Body)
}

// SetMaintenanceByPost records that somebody works on a source, or has finished.
func (s *SyncNode) SetMaintenanceByPost(ctx context.Context, r api.SetMaintenanceByPostRequestObject) (api.SetMaintenanceByPostResponseObject, error) {
	return api.StoredResponse{}, s.setMaintenance(ctx, r.Number, *r.Body)
}

func (s *SyncNode) setMaintenance(ctx context.Context, source int, body api.MaintenanceRequest) error {
	return s.Maintenance.Set(ctx, model.Maintenance{
		Source:    source,
		On:        body.On,
		By:        model.AuthorOrCaller(httpserver.Caller(ctx).Name, string(valueOr(body.By, ""))),
		Reason:    string(valueOr(body.Reason, "")),
		ChangedAt: s.Now(),
	})
}
