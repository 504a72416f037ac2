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

// New makes a Node for the node of the client, which is in the station's zone.
func New(client *peer.Client, zone *stationtime.Zone) *Node { return &Node{client: client, zone: zone} }

// Store stores one entry as the engine sent it. An original node knows no
// corrections, and would take an amended entry for another entry. The start is
// written as the station's clocks show it. A node that ignores offsets takes
// that for the same moment. Errors: peer.ErrUnsupported, *peer.StatusError, or
// of the network.
func (n *Node) Store(ctx context.Context, e model.Entry) error {
	return n.client.Post(ctx, "/playlog/store", n.play(&e))
}

// play is an entry as engines send it; unknown values are left out. Original
// nodes don't know the fields that were added since.
func (n *Node) play(e *model.Entry) map[string]any {
	play := map[string]any{}
	for _, f := range model.Fields {
		if f.IsSupplement {
			continue
		}
		switch v := f.Of(e).(type) {
		case *string:
			putKnown(play, f, *v)
		case *int:
			putKnown(play, f, *v)
		case *int64:
			putKnown(play, f, *v)
		case *time.Duration:
			putKnown(play, f, v.Seconds())
		case *time.Time:
			play[f.Name()] = n.zone.Stamp(*v).String()
		}
	}
	play["track_type"] = e.TrackType // 0 is a file
	return play
}

func putKnown[T comparable](play map[string]any, f *model.Field, v T) {
	var unknown T
	if v != unknown {
		play[f.Name()] = v
	}
}

// Refuses reports whether an error of Store says that the node refused the
// entry, so that sending it again is useless. No document lists the statuses
// that a node uses for a refusal. So every status counts that does not mean
// something else.
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
