package original

import (
	"context"
	"errors"
	"net/http"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/stationtime"
)

// Node is an original node. It may be used by several goroutines at once.
type Node struct {
	client *peer.Client
	zone   *stationtime.Zone
}

// New speaks to the node of the client, which is in the station's zone.
func New(client *peer.Client, zone *stationtime.Zone) *Node { return &Node{client: client, zone: zone} }

// Store stores one entry as the engine sent it: an original node knows no
// corrections, and would take an amended entry for another one. The start is
// written as the station's clocks show it, which a node that heeds no offset
// takes for the same moment. Errors: peer.ErrUnsupported, *peer.StatusError, or
// of the network.
func (n *Node) Store(ctx context.Context, e model.Entry) error {
	return n.client.Post(ctx, "/playlog/store", play{
		LogSource:  e.LogSource,
		TrackStart: n.zone.In(e.TrackStart).Format(time.RFC3339Nano),
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

// Refuses tells whether an error of Store says that the node refused the entry,
// so that sending it again is of no use. No document lists the statuses that a
// node has for that, so it is any that does not mean something else.
func Refuses(err error) bool {
	status, ok := errors.AsType[*peer.StatusError](err)
	if !ok || status.Status < 400 || status.Status > 499 {
		return false
	}
	switch status.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired, http.StatusRequestTimeout,
		http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return true
}
