package peer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

const playlogPath = "/playlog"

// EntryQuery selects entries of every source.
type EntryQuery struct {
	From, To time.Time // both inclusive; zero is open
	// Raw asks for the entries as engines sent them, with the void ones and
	// without those that were logged by hand. Otherwise corrections are applied,
	// and the void ones are left out.
	Raw bool
	// After is the value of next from the previous answer, "" at the beginning.
	After string
	Limit int
}

// Entries asks for entries, the newest first. next is "" at the end. Of the
// corrections the entries tell only whether there are any, by IsCorrected. Errors
// as those of ActiveSource.
func (c *Client) Entries(ctx context.Context, q EntryQuery) (_ []Entry, next string, _ error) {
	query := url.Values{"source": {"all"}, "limit": {strconv.Itoa(q.Limit)}}
	for name, at := range map[string]time.Time{"from_date": q.From, "to_date": q.To} {
		if !at.IsZero() {
			query.Set(name, at.UTC().Format("2006-01-02T15:04:05.000000Z07:00"))
		}
	}
	if q.Raw {
		query.Set("corrections", "raw")
	}
	if q.After != "" {
		query.Set("after", q.After)
	}
	var body []api.PlaylogEntry
	what := call{method: http.MethodGet, path: playlogPath, query: query, answered: func(h http.Header) { next = nextOf(h) }}
	if err := c.do(ctx, what, &body); err != nil {
		return nil, "", domain(err)
	}
	if next != "" && (next == q.After || len(body) == 0) {
		return nil, "", c.unusable(playlogPath, "its pages do not end")
	}
	entries := make([]Entry, len(body))
	for i, e := range body {
		entries[i] = entryOf(e)
	}
	return entries, next, nil
}

// Entry is an entry as answers show it.
type Entry struct {
	model.Entry
	IsCorrected, IsVoid bool
}

// Entry asks for the entry with that number. Errors as those of ActiveSource,
// and model.ErrNotFound.
func (c *Client) Entry(ctx context.Context, id int64) (Entry, error) {
	var body api.PlaylogEntry
	if err := c.do(ctx, call{method: http.MethodGet, path: entryPath(id)}, &body); err != nil {
		return Entry{}, found(err)
	}
	return entryOf(body), nil
}

func entryPath(id int64) string { return playlogPath + "/" + strconv.FormatInt(id, 10) }

// entryOf is the entry with what people look for, and what says how it came to be
// known.
func entryOf(w api.PlaylogEntry) Entry {
	e := Entry{IsCorrected: w.IsCorrected, IsVoid: w.IsVoid, Entry: model.Entry{
		ID: w.Id, LogSource: w.LogSource, TrackStart: w.TrackStart.UTC(), Artist: w.TrackArtist, Album: w.TrackAlbum, Title: w.TrackTitle,
		ShowName: w.ShowName, Manual: w.IsManual, Synced: w.IsSynced,
	}}
	if w.ReceivedAt != nil {
		e.ReceivedAt = w.ReceivedAt.UTC()
	}
	doubts := make([]model.Doubt, len(w.Doubts))
	for i, d := range w.Doubts {
		doubts[i] = model.Doubt(d)
	}
	e.Doubts = model.NewDoubts(doubts...)
	return e
}

// nextOf is the position of the next page in the Link header of a list; "" on the
// last page.
func nextOf(h http.Header) string {
	for link := range strings.SplitSeq(h.Get("Link"), ", ") {
		target, isNext := strings.CutSuffix(link, `>; rel="next"`)
		if _, query, ok := strings.Cut(target, "?"); isNext && ok {
			values, _ := url.ParseQuery(query) // what it can't read has no position
			return values.Get("after")
		}
	}
	return ""
}

// Corrections asks for the corrections of an entry, oldest first. Of the values
// that they changed, and of those before, only the start is read. Errors as those
// of Entry.
func (c *Client) Corrections(ctx context.Context, id int64) ([]model.Correction, error) {
	path := entryPath(id) + "/corrections"
	var body []api.Correction
	if err := c.do(ctx, call{method: http.MethodGet, path: path}, &body); err != nil {
		return nil, found(err)
	}
	corrections := make([]model.Correction, len(body))
	for i, w := range body {
		m := model.Correction{ID: w.Id, Kind: string(w.Kind), At: w.At.UTC(), By: w.By, Reason: w.Reason}
		var err, err2 error
		m.Changes.TrackStart, err = startOf(w.Changes)
		m.Before.TrackStart, err2 = startOf(w.Before)
		if err := cmp.Or(err, err2); err != nil {
			return nil, c.unusable(path, err.Error())
		}
		corrections[i] = m
	}
	return corrections, nil
}

// startOf is the start among the values of a correction; nil if it is not among
// them.
func startOf(values *api.ChangedValues) (*time.Time, error) {
	if values == nil {
		return nil, nil
	}
	said, ok := (*values)["track_start"].(string)
	if !ok {
		return nil, nil
	}
	start, err := time.Parse(time.RFC3339Nano, said)
	if err != nil {
		return nil, fmt.Errorf("track_start: %w", err)
	}
	return new(start.UTC()), nil
}

// Correction asks to correct an entry.
type Correction struct {
	Kind   string `json:"kind"`
	By     string `json:"by"`
	Reason string `json:"reason"`
	// Changes are the new values by the names of the fields. The node reads
	// numbers from text, too. "" makes a field unknown.
	Changes map[string]string `json:"changes,omitempty"`
}

// Correct corrects an entry. The same correction again changes nothing. Errors:
// *model.InvalidError, and those of Entry.
func (c *Client) Correct(ctx context.Context, id int64, correction Correction) error {
	body, err := json.Marshal(correction)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", c.name, err)
	}
	return found(c.do(ctx, call{method: http.MethodPost, path: entryPath(id) + "/corrections", body: body, repeatable: true}, nil))
}

// found is domain for an operation on an entry, which may not be there.
func found(err error) error {
	if errors.Is(err, errNothing) {
		return fmt.Errorf("%w: %w", model.ErrNotFound, err)
	}
	return domain(err)
}
