package handler

import (
	"context"
	"strings"
	"time"
	"unicode"

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
	holder, err := holderOf("holder", r.Body.Holder)
	if err != nil {
		return nil, err
	}
	ttl := time.Duration(r.Body.Seconds * float64(time.Second))
	l, err := s.Leases.AcquireLease(ctx, monitorLease, holder, ttl)
	if err != nil {
		return nil, err
	}
	return api.AcquireLease200JSONResponse{LeaseJSONResponse: lease(l)}, nil
}

// ReleaseLease gives the lease back if this holder has it.
func (s *SyncNode) ReleaseLease(ctx context.Context, r api.ReleaseLeaseRequestObject) (api.ReleaseLeaseResponseObject, error) {
	holder, err := holderOf("holder", r.Params.Holder)
	if err != nil {
		return nil, err
	}
	return api.ReleaseLease204Response{}, s.Leases.ReleaseLease(ctx, monitorLease, holder)
}

// holderOf refuses a name that would not be the same everywhere it is written.
func holderOf(field, name string) (string, error) {
	if name != strings.TrimSpace(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", model.Invalid(field, name, "must be a name without control characters, and without blanks around it")
	}
	return name, nil
}

// lease is the lease as the wire shows it: an expired lease has no holder.
func lease(l model.Lease) api.LeaseJSONResponse {
	shown := api.LeaseJSONResponse{Epoch: l.Epoch}
	if l.Remaining > 0 {
		shown.Holder, shown.Seconds = l.Holder, l.Remaining.Seconds()
	}
	return shown
}
