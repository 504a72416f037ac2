package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/sse"
)

const (
	// lookEvery is how often the status is read at most while somebody follows it.
	lookEvery = time.Second
	// sayEvery is how often the page is sent at least: it shows how long ago something
	// was, and that it is live.
	sayEvery = 5 * time.Second
	// pausePerLook is how many times as long as a look the pause after it is: a station of
	// many sources is looked at less often, but not so seldom that the page is not sent.
	pausePerLook = 50
	// lookTimeout bounds one look.
	lookTimeout = 10 * time.Second
	// maxFollowers is how many pages may follow the status.
	maxFollowers = 200
)

var errManyFollowers = fmt.Errorf("%w: as many pages follow the status as may", model.ErrOverloaded)

// statusLive sends the status page to those who look at it. However many they are, one
// goroutine reads what it shows, and renders each edition of it once.
type statusLive struct {
	site    *Site
	trouble *logging.Lasting
	wake    chan struct{}
	ended   chan struct{}
	kept    statusKept // the looks'

	mu        sync.Mutex
	followers int
	streams   map[edition]*followed
}

// edition is a language of the page, as the address asks for it, with or without what
// only administrators see.
type edition struct {
	lang   string
	canAct bool
}

// followed is the stream of an edition. It is forgotten with the last follower: what it
// holds would be old for the next one.
type followed struct {
	*sse.Stream
	followers int
}

func newStatusLive(s *Site) *statusLive {
	return &statusLive{
		site: s, trouble: logging.NewLasting(s.Log, "rendering the status failed"),
		wake: make(chan struct{}, 1), ended: make(chan struct{}), streams: map[edition]*followed{},
	}
}

// serve sends the page whenever something in it has changed, until its caller leaves.
func (l *statusLive) serve(c *gin.Context) {
	if _, err := l.site.catalogue(c); err != nil {
		httpserver.Fail(c, err)
		return
	}
	e := edition{c.Query("lang"), canAct(c)}
	stream, err := l.join(e)
	if err != nil {
		httpserver.Fail(c, err)
		return
	}
	defer l.leave(e)
	if err := sse.Serve(c.Writer, c.Request, stream.Listen(c.GetHeader("Last-Event-ID")), sse.Plain{}, l.ended); err != nil {
		httpserver.Fail(c, err)
	}
}

// join adds a follower. Error: errManyFollowers.
func (l *statusLive) join(e edition) (*followed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.followers >= maxFollowers {
		return nil, errManyFollowers
	}
	stream := l.streams[e]
	if stream == nil {
		stream = &followed{Stream: sse.NewStream()}
		l.streams[e] = stream
	}
	l.followers++
	stream.followers++
	select {
	case l.wake <- struct{}{}:
	default: // it is about to look anyway
	}
	return stream, nil
}

func (l *statusLive) leave(e edition) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.followers--
	if l.streams[e].followers--; l.streams[e].followers == 0 {
		delete(l.streams, e)
	}
}

// follow looks while somebody follows, until ctx ends.
func (l *statusLive) follow(ctx context.Context) error {
	defer close(l.ended)
	pause := time.NewTimer(0)
	defer pause.Stop()
	<-pause.C
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.wake:
		}
		for streams := l.followed(); len(streams) > 0; streams = l.followed() {
			began := time.Now()
			l.trouble.Report(l.look(ctx, streams))
			pause.Reset(max(lookEvery, min(pausePerLook*time.Since(began), sayEvery)))
			select {
			case <-ctx.Done():
				return nil
			case <-pause.C:
			}
		}
	}
}

// followed are the editions that somebody follows.
func (l *statusLive) followed() map[edition]*sse.Stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	streams := make(map[edition]*sse.Stream, len(l.streams))
	for e, stream := range l.streams {
		streams[e] = stream.Stream
	}
	return streams
}

// look reads the status, and sends the editions to whom that is new.
// A panic is an error, as in a request: a page must not end the service.
func (l *statusLive) look(ctx context.Context, streams map[edition]*sse.Stream) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	shown := l.site.readStatus(ctx, &l.kept)
	id, err := shown.mark()
	if err != nil {
		return err
	}
	for e, stream := range streams {
		held := stream.Held()
		if n := len(held); n > 0 && held[n-1].ID == id {
			continue
		}
		main, err := l.site.renderStatus(*shown, e)
		if err != nil {
			return err
		}
		stream.Publish(sse.NewEvent("page", id, main))
	}
	return nil
}

// renderStatus renders an edition, as GET /status has it.
func (s *Site) renderStatus(shown status, e edition) ([]byte, error) {
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: statusPath}}
	t := s.catalogues[s.Config.Language]
	if e.lang != "" {
		r.URL.RawQuery = url.Values{"lang": {e.lang}}.Encode()
		t = s.catalogues[e.lang]
	}
	shown.CanAct = e.canAct
	p := page{catalogue: t, site: s, request: r, Station: s.Station, Title: t.T("status.title"), Path: statusPath, Body: &shown}
	var b bytes.Buffer
	if err := s.templates["status"]().ExecuteTemplate(&b, "main", &p); err != nil {
		return nil, fmt.Errorf("render the status: %w", err)
	}
	return b.Bytes(), nil
}

// passing are the members of answers that change while all is as it was. They alone do
// not have the page sent before its time.
var passing = []string{"now", "heard", "heartbeats", "strangers", "seen", "last_said_at", "last_received_at", "offset_seconds", "reconciled", "clocks"}

// engineMark is what the mark of a status has of an engine, except what is in the answers
// of monitors and nodes.
type engineMark struct {
	Number         int
	Name, State    string
	Says           Mode
	Active, Pinned bool
	Maintenance    *api.Maintenance
	Health         *api.Health // without its history
}

// mark is the same for two times at which the page shows the same, within sayEvery.
func (s *status) mark() (string, error) {
	engines := make([]engineMark, len(s.Engines))
	for i, e := range s.Engines {
		engines[i] = engineMark{e.Number, e.Name, e.State(), e.Says(), e.Active, e.Pinned, e.Maintenance, nil}
		if e.Health != nil {
			health := *e.Health
			health.History = nil
			engines[i].Health = &health
		}
	}
	m := *s
	m.Now, m.From, m.Engines = time.Time{}, time.Time{}, nil
	said, err := marshalLasting(m, engines)
	if err != nil {
		return "", fmt.Errorf("mark the status: %w", err)
	}
	return fmt.Sprintf("%d-%08x", s.Now.Truncate(sayEvery).Unix(), crc32.ChecksumIEEE(said)), nil
}

// marshalLasting is values as JSON, without passing members.
func marshalLasting(values ...any) ([]byte, error) {
	said, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	var all any
	if err := json.Unmarshal(said, &all); err != nil {
		return nil, err
	}
	dropPassing(all)
	return json.Marshal(all)
}

func dropPassing(value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range passing {
			delete(v, name)
		}
		for _, member := range v {
			dropPassing(member)
		}
	case []any:
		for _, item := range v {
			dropPassing(item)
		}
	}
}
