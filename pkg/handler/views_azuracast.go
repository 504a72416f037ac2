package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/sse"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/pkg/web/views"
)

// ListNowPlaying answers what plays, as AzuraCast lists its stations.
func (a *API) ListNowPlaying(ctx context.Context, r api.ListNowPlayingRequestObject) (api.ListNowPlayingResponseObject, error) {
	np, err := a.azuraCast(ctx, r.Params.Delay, viewHeld)
	return api.ListNowPlaying200JSONResponse{np}, err
}

// GetNowPlaying answers what plays, as AzuraCast shows it.
func (a *API) GetNowPlaying(ctx context.Context, r api.GetNowPlayingRequestObject) (api.GetNowPlayingResponseObject, error) {
	if !a.isStation(r.Station) {
		return nil, model.ErrNotFound
	}
	np, err := a.azuraCast(ctx, r.Params.Delay, viewHeld)
	return api.GetNowPlaying200JSONResponse(np), err
}

// GetNowPlayingFile answers what plays, as AzuraCast's static file has it.
func (a *API) GetNowPlayingFile(ctx context.Context, r api.GetNowPlayingFileRequestObject) (api.GetNowPlayingFileResponseObject, error) {
	if name, ok := strings.CutSuffix(r.File, ".json"); !ok || !a.isStation(name) {
		return nil, model.ErrNotFound
	}
	np, err := a.azuraCast(ctx, r.Params.Delay, staticHeld)
	return api.GetNowPlayingFile200JSONResponse(np), err
}

// isStation reports whether AzuraCast's clients mean this station.
func (a *API) isStation(name string) bool {
	return name == strconv.Itoa(views.StationID) || name == a.station().Shortcode()
}

// azuraCast renders what plays, and has the answer kept for that long.
func (a *API) azuraCast(ctx context.Context, delay *float64, held time.Duration) (views.AzuraCast, error) {
	m, err := a.moment(ctx, delay, held)
	return views.NewAzuraCast(a.station(), m), err
}

// StreamNowPlaying pushes what plays, as AzuraCast does.
func (a *API) StreamNowPlaying(ctx context.Context, r api.StreamNowPlayingRequestObject) (api.StreamNowPlayingResponseObject, error) {
	var asked struct {
		Subs map[string]json.RawMessage `json:"subs"`
	}
	if err := json.Unmarshal([]byte(r.Params.CfConnect), &asked); err != nil {
		return nil, model.Invalid("cf_connect", r.Params.CfConnect, "must be JSON")
	}
	if _, ok := asked.Subs[a.station().Channel()]; !ok {
		return nil, model.ErrNotFound
	}
	d := viewDelay(r.Params.Delay)
	return streamAnswer(func(w http.ResponseWriter) error {
		return a.Current.ServeAs(w, requestOf(ctx), d, &pushes{api: a, delay: d})
	}), nil
}

// VisitStreamNowPlayingResponse serves the stream.
func (write streamAnswer) VisitStreamNowPlayingResponse(w http.ResponseWriter) error { return write(w) }

// pushes is AzuraCast's form of the stream, for one listener.
type pushes struct {
	api   *API
	delay trackservice.Delay
	told  *heldMoment // what the listener was told last
}

// First implements sse.Form.
func (p *pushes) First(ctx context.Context, _ []*sse.Event) ([]byte, error) {
	return p.say(ctx, views.NewConnected, func(h *heldMoment) *shared { return &h.connected })
}

// Next implements sse.Form.
func (p *pushes) Next(ctx context.Context, _ []*sse.Event) ([]byte, error) {
	return p.say(ctx, views.NewPublished, func(h *heldMoment) *shared { return &h.changed })
}

// Ping implements sse.Form.
func (*pushes) Ping() []byte { return []byte("data: {}\n\n") }

// say tells the listener what plays, unless it knows.
func (p *pushes) say(ctx context.Context, render func(views.Station, views.Moment) views.Pushed, to func(*heldMoment) *shared) ([]byte, error) {
	h, err := p.api.lately(model.ForVisitor(ctx), p.delay)
	if err != nil || h == p.told {
		return nil, err
	}
	p.told = h
	now := p.api.Now()
	return to(h).message(now, func() ([]byte, error) {
		said, err := json.Marshal(render(p.api.station(), h.at(now)))
		if err != nil {
			return nil, fmt.Errorf("render what plays: %w", err)
		}
		return fmt.Appendf(nil, "data: %s\n\n", said), nil
	})
}

// shared is a message about a moment that is the same for all listeners. It is
// rendered at most once a second.
type shared struct {
	mu     sync.Mutex
	second int64
	said   []byte
}

func (s *shared) message(now time.Time, render func() ([]byte, error)) (_ []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.said == nil || s.second != now.Unix() {
		if s.said, err = render(); err != nil {
			return nil, err
		}
		s.second = now.Unix()
	}
	return s.said, nil
}
