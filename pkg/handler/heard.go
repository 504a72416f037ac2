package handler

import (
	"context"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

const (
	// unheardSpan is the period of a list of what was not heard, unless the request
	// says otherwise; longestUnheard is its greatest length, with an hour for a
	// daylight saving change.
	unheardSpan    = 24 * time.Hour
	longestUnheard = 31*24*time.Hour + time.Hour
)

// unheard answers the entries that were not heard at all.
func (a *API) unheard(ctx context.Context, q model.EntryQuery) (api.ListPlaylogResponseObject, error) {
	if q.UnsyncedOnly {
		return nil, model.Invalid("skip_synced", "true", "must be left out beside heard=false")
	}
	if q.To.IsZero() {
		q.To = a.Now()
	}
	if q.From.IsZero() {
		q.From = q.To.Add(-unheardSpan)
	}
	if span := q.To.Sub(q.From); span > longestUnheard {
		return nil, model.Invalid("from_date", a.Zone.Stamp(q.From).String(), "must be at most 31 days before to_date, or before now without it, beside heard=false")
	}
	more := q
	more.Limit++ // to see whether there is a next page
	entries, total, err := a.Playlog.Unheard(ctx, more)
	if err != nil {
		return nil, err
	}
	entries, next := cut(q, entries, func(e model.HeardEntry) model.Position { return model.PositionOf(e.Entry) })
	link := linkHeader(queryOf(ctx), q, next)
	body := make([]api.PlaylogEntry, len(entries))
	for i, e := range entries {
		body[i] = a.heardEntry(e, q.Raw)
	}
	return api.ListPlaylog200JSONResponse{
		Body:    body,
		Headers: api.ListPlaylog200ResponseHeaders{XTotalCount: &total, Link: &link},
	}, nil
}

// heardEntry renders a full record with what was heard of it.
func (a *API) heardEntry(e model.HeardEntry, raw bool) api.PlaylogEntry {
	record := a.playlogEntry(e.Entry, raw)
	record.Heard = a.hearings(e.Heard)
	if a.isSyncNode() {
		record.OnAir = a.hearings(e.OnAir)
	}
	if len(e.Why) > 0 {
		record.NotHeard = &[]string{}
	}
	for _, why := range e.Why {
		*record.NotHeard = append(*record.NotHeard, why.String())
	}
	if e.Doubted && !raw {
		record.Doubts = append(record.Doubts, api.Doubt{
			Field: "show_name", Sent: e.ShowName, Why: "stands for a fallback that was not heard; it does not count",
		})
	}
	return record
}

// hearings renders times, except those to come.
func (a *API) hearings(times []model.Airing) *[]api.Hearing {
	shown := []api.Hearing{}
	now := a.Now()
	for _, t := range times {
		if t.From.After(now) {
			break
		}
		h := api.Hearing{From: a.Zone.Stamp(t.From)}
		if t.IsOver(now) {
			h.Until, h.Estimated = new(a.Zone.Stamp(t.Until)), t.Estimated
		}
		shown = append(shown, h)
	}
	return &shown
}
