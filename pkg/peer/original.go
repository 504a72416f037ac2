package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"aura.radio/engine/pkg/api/loose"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// StoreOne stores one entry as engines do, which every node understands, also
// an original one: the entry as the engine sent it, without its corrections.
// Its start is written with the offset of the zone that it is in. Errors:
// ErrUnsupported, *StatusError, or of the network.
func (c *Client) StoreOne(ctx context.Context, e model.Entry) error {
	body, err := json.Marshal(play{
		LogSource:  e.LogSource,
		TrackStart: e.TrackStart.Format(time.RFC3339Nano),
		Artist:     e.Artist,
		Album:      e.Album,
		Title:      e.Title,
		TrackNum:   e.TrackNum,
		TrackType:  e.TrackType,
		Duration:   e.Duration.Seconds(),
		PlaylistID: e.PlaylistID,
		TimeslotID: e.TimeslotID,
		ShowID:     e.ShowID,
		ShowName:   e.ShowName,
		Composer:   e.Composer,
		Label:      e.Label,
		ISRC:       e.ISRC,
	})
	if err != nil {
		return fmt.Errorf("encode for %s: %w", c.name, err)
	}
	return c.do(ctx, call{method: http.MethodPost, path: "/playlog/store", body: body, repeatable: true}, nil)
}

// play is an entry as engines send it; what is not known is left out.
type play struct {
	LogSource  int     `json:"log_source"`
	TrackStart string  `json:"track_start"`
	Artist     string  `json:"track_artist,omitempty"`
	Album      string  `json:"track_album,omitempty"`
	Title      string  `json:"track_title,omitempty"`
	TrackNum   int     `json:"track_num,omitempty"`
	TrackType  int     `json:"track_type"`
	Duration   float64 `json:"track_duration,omitempty"`
	PlaylistID int64   `json:"playlist_id,omitempty"`
	TimeslotID int64   `json:"timeslot_id,omitempty"`
	ShowID     int64   `json:"show_id,omitempty"`
	ShowName   string  `json:"show_name,omitempty"`
	Composer   string  `json:"track_composer,omitempty"`
	Label      string  `json:"track_label,omitempty"`
	ISRC       string  `json:"track_isrc,omitempty"`
}

// PlaylogQuery selects a page of an original node's playlog.
type PlaylogQuery struct {
	Page, Limit int // Page counts from 0
	// From and To bound when entries started; zero is open. They are asked for
	// without an offset, in the zone, so a little more may come.
	From, To time.Time
	Zone     *stationtime.Zone
}

// Played is an entry of an original node's playlog.
type Played struct {
	model.Entry
	// OtherStart is the other occurrence of a start that has no offset and is in an
	// hour that a change of the clocks repeats, else zero.
	OtherStart time.Time
}

// Playlog asks an original node for a page of the entries that the sync node
// does not have yet. Times without an offset are in the zone; in a repeated hour
// they mean the occurrence nearest to now. A field that can't be understood is
// unknown; LogSource is 0 where the node does not say it. Entries without a start
// that can be read are left out, unless that is all: no entries and no error is
// the end. Errors: ErrUnsupported, *StatusError, or of the network.
func (c *Client) Playlog(ctx context.Context, q PlaylogQuery) ([]Played, error) {
	query := url.Values{"page": {strconv.Itoa(q.Page)}, "limit": {strconv.Itoa(q.Limit)}, "skip_synced": {"true"}}
	if !q.From.IsZero() {
		query.Set("from_date", q.from())
	}
	if !q.To.IsZero() {
		query.Set("to_date", q.to())
	}
	var list []map[string]json.RawMessage
	if err := c.do(ctx, call{method: http.MethodGet, path: "/playlog", query: query}, &list); err != nil {
		return nil, err
	}
	entries := make([]Played, 0, len(list))
	var unreadable error
	for _, fields := range list {
		e, err := readOriginal(fields, q.Zone)
		if err != nil {
			unreadable = err
			continue
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 && unreadable != nil {
		return nil, c.unexpected("/playlog", fmt.Sprintf("no entry can be read: %v", unreadable))
	}
	return entries, nil
}

// from is not later than From, and to not earlier than To, whichever of two
// equal hours the node takes them for where the clocks are put back.
func (q *PlaylogQuery) from() string {
	at := q.From.Truncate(time.Second)
	if q.wall(at) == q.wall(at.Add(time.Hour)) {
		at = at.Add(-time.Hour)
	}
	return q.wall(at)
}

func (q *PlaylogQuery) to() string {
	at := q.To.Add(time.Second - 1).Truncate(time.Second)
	if q.wall(at) == q.wall(at.Add(-time.Hour)) {
		at = at.Add(time.Hour)
	}
	return q.wall(at)
}

func (q *PlaylogQuery) wall(t time.Time) string { return q.Zone.In(t).Format("2006-01-02T15:04:05") }

func readOriginal(fields map[string]json.RawMessage, zone *stationtime.Zone) (Played, error) {
	start, err := zone.Parse(text(fields["track_start"]), time.Now())
	if err != nil {
		return Played{}, fmt.Errorf("track_start %w", err)
	}
	e := model.Entry{
		LogSource:  int(bounded(fields["log_source"])),
		TrackStart: start.Time,
		Artist:     text(fields["track_artist"]),
		Album:      text(fields["track_album"]),
		Title:      text(fields["track_title"]),
		TrackNum:   int(bounded(fields["track_num"])),
		TrackType:  int(bounded(fields["track_type"])),
		Duration:   seconds(fields["track_duration"]),
		PlaylistID: whole(fields["playlist_id"]),
		TimeslotID: whole(fields["timeslot_id"]),
		ShowID:     whole(fields["show_id"]),
		ShowName:   text(fields["show_name"]),
		Composer:   text(fields["track_composer"]),
		Label:      text(fields["track_label"]),
		ISRC:       text(fields["track_isrc"]),
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

// bounded is a number that fits 32 bits, as all databases keep it.
func bounded(raw json.RawMessage) int64 {
	n := whole(raw)
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0
	}
	return n
}

// longest is the longest duration that any entry may have, in seconds.
const longest = 366 * 24 * 3600

// seconds is a duration that an entry may have; 0 for any other.
func seconds(raw json.RawMessage) time.Duration {
	var v loose.Number
	if raw == nil || v.UnmarshalJSON(raw) != nil || v.Value < 0 || v.Value > longest {
		return 0
	}
	return time.Duration(math.Round(v.Value*1000)) * time.Millisecond
}
