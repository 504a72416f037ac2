package original

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"aura.radio/engine/pkg/api/loose"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// Played is an entry of an original node's playlog.
type Played struct {
	model.Entry
	// OtherStart is the other occurrence of a start that has no offset and is
	// in an hour that a clock change repeats, otherwise zero.
	OtherStart time.Time
}

// pageQuery selects a page of the playlog.
type pageQuery struct {
	number, limit int // number counts from 0
	// from and to bound when entries started; zero is open. The node gets them
	// without an offset, in the zone, so it may return a few more entries.
	from, to time.Time
}

// page asks for a page of the entries that the sync node does not have yet.
// Times without an offset are in the zone; in a repeated hour they mean the
// occurrence nearest to now. A field that can't be understood is unknown.
// LogSource is 0 if the node does not report it. Entries without a readable
// start are left out. If all entries are like that, page returns an error,
// because no entries and no error means the end. Errors: peer.ErrUnsupported,
// *peer.StatusError, or of the network.
func (n *Node) page(ctx context.Context, q pageQuery) ([]Played, error) {
	const path = "/playlog"
	query := url.Values{"page": {strconv.Itoa(q.number)}, "limit": {strconv.Itoa(q.limit)}, "skip_synced": {"true"}}
	if !q.from.IsZero() {
		query.Set("from_date", n.lower(q.from))
	}
	if !q.to.IsZero() {
		query.Set("to_date", n.upper(q.to))
	}
	var list []map[string]json.RawMessage
	if err := n.client.Get(ctx, path, query, &list); err != nil {
		return nil, err
	}
	entries := make([]Played, 0, len(list))
	var unreadable error
	for _, fields := range list {
		e, err := read(fields, n.zone)
		if err != nil {
			unreadable = err
			continue
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 && unreadable != nil {
		return nil, n.client.Unexpected(path, fmt.Sprintf("no entry can be read: %v", unreadable))
	}
	return entries, nil
}

// lower is the lower bound as it is sent to the node. It is not later than the
// time, whichever of the two equal hours the node assumes when the clocks are
// put back.
func (n *Node) lower(at time.Time) string {
	at = at.Truncate(time.Second)
	if n.wall(at) == n.wall(at.Add(time.Hour)) {
		at = at.Add(-time.Hour)
	}
	return n.wall(at)
}

// upper is the upper bound as it is sent to the node. It is not earlier than
// the time, in the same way as lower.
func (n *Node) upper(at time.Time) string {
	at = at.Add(time.Second - 1).Truncate(time.Second)
	if n.wall(at) == n.wall(at.Add(-time.Hour)) {
		at = at.Add(time.Hour)
	}
	return n.wall(at)
}

func (n *Node) wall(t time.Time) string { return n.zone.In(t).Format("2006-01-02T15:04:05") }

func read(fields map[string]json.RawMessage, zone *stationtime.Zone) (Played, error) {
	start, err := zone.Parse(text(fields["track_start"]), time.Now())
	if err != nil {
		return Played{}, fmt.Errorf("track_start %w", err)
	}
	e := model.Entry{TrackStart: start.Time}
	for _, f := range model.Fields {
		raw := fields[f.Name()]
		switch to := f.Of(&e).(type) {
		case *string:
			*to = text(raw)
		case *int:
			*to = int(bounded(raw))
		case *int64:
			*to = whole(raw)
		case *time.Duration:
			*to = seconds(raw)
		}
	}
	e.Normalize()
	return Played{e, start.Other}, nil
}

func text(raw json.RawMessage) string {
	var v loose.Text
	if raw == nil || v.UnmarshalJSON(raw) != nil {
		return ""
	}
	return string(v)
}

func whole(raw json.RawMessage) int64 {
	var v loose.Integer
	if raw == nil || v.UnmarshalJSON(raw) != nil {
		return 0
	}
	return v.Value
}

// bounded returns a number if it fits 32 bits, which is what all databases
// store.
func bounded(raw json.RawMessage) int64 {
	n := whole(raw)
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0
	}
	return n
}

// longest is the longest duration that any entry may have, in seconds.
const longest = 366 * 24 * 3600

// seconds returns a duration that an entry may have; 0 for any other.
func seconds(raw json.RawMessage) time.Duration {
	var v loose.Number
	if raw == nil || v.UnmarshalJSON(raw) != nil || v.Value < 0 || v.Value > longest {
		return 0
	}
	return time.Duration(math.Round(v.Value*1000)) * time.Millisecond
}
