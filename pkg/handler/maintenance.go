package handler

import (
	"cmp"
	"context"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// ListMaintenance answers what was said last of each source.
func (s *SyncNode) ListMaintenance(ctx context.Context, _ api.ListMaintenanceRequestObject) (api.ListMaintenanceResponseObject, error) {
	found, err := s.Maintenance.Maintenances(ctx)
	if err != nil {
		return nil, err
	}
	body := make(api.ListMaintenance200JSONResponse, len(found))
	for i, m := range found {
		body[i] = api.Maintenance{Source: m.Source, On: m.On, By: m.By, Reason: m.Reason, ChangedAt: s.Zone.In(m.ChangedAt)}
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
	if err := model.ValidateSource("number", source); err != nil {
		return err
	}
	caller := httpserver.Caller(ctx)
	m := model.Maintenance{
		Source:    source,
		On:        body.On,
		By:        cmp.Or(author(caller, string(valueOr(body.By, ""))), caller.Name, "local"),
		Reason:    string(valueOr(body.Reason, "")),
		ChangedAt: s.Now(),
	}
	m.Normalize()
	// What is said last counts, also where the host's clock was set back since.
	known, err := s.Maintenance.Maintenances(ctx)
	if err != nil {
		return err
	}
	for _, last := range known {
		if last.Source == source && m.ChangedAt.Before(last.ChangedAt) {
			m.ChangedAt = last.ChangedAt
		}
	}
	return s.Maintenance.StoreMaintenance(ctx, m)
}
