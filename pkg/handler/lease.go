package handler

import (
	"context"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// monitorLease is the name of the right to switch the active source.
const monitorLease = "monitor"

// GetLease answers which monitor may act.
func (s *SyncNode) GetLease(ctx context.Context, _ api.GetLeaseRequestObject) (api.GetLeaseResponseObject, error) {
	l, err := s.Leases.Lease(ctx, monitorLease)
	if err != nil {
		return nil, err
	}
	return api.GetLease200JSONResponse{LeaseJSONResponse: lease(l)}, nil
}

// AcquireLease grants or renews the lease, or says who holds it.
func (s *SyncNode) AcquireLease(ctx context.Context, r api.AcquireLeaseRequestObject) (api.AcquireLeaseResponseObject, error) {
	if err := model.ValidateHolder("holder", r.Body.Holder); err != nil {
		return nil, err
	}
	ttl := time.Duration(r.Body.Seconds * float64(time.Second))
	l, err := s.Leases.AcquireLease(ctx, monitorLease, r.Body.Holder, ttl)
	if err != nil {
		return nil, err
	}
	return api.AcquireLease200JSONResponse{LeaseJSONResponse: lease(l)}, nil
}

// ReleaseLease gives the lease back if this holder has it.
func (s *SyncNode) ReleaseLease(ctx context.Context, r api.ReleaseLeaseRequestObject) (api.ReleaseLeaseResponseObject, error) {
	if err := model.ValidateHolder("holder", r.Params.Holder); err != nil {
		return nil, err
	}
	return api.ReleaseLease204Response{}, s.Leases.ReleaseLease(ctx, monitorLease, r.Params.Holder)
}

// lease is the lease as the wire shows it: an expired lease has no holder.
func lease(l model.Lease) api.LeaseJSONResponse {
	shown := api.LeaseJSONResponse{Epoch: l.Epoch}
	if l.Remaining > 0 {
		shown.Holder, shown.Seconds = l.Holder, l.Remaining.Seconds()
	}
	return shown
}
