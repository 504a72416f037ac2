package handler

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/sse"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/pkg/web/views"
	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"
)

// API serves what every node does: an engine-api and the sync node. Every field
// that may be nil is required; see NewEngineAPI.
type API struct {
	// OnAir is what listeners heard: what was heard at the engine, or the on-air log
	// of the sync node. Plays are what a report counts of a period of it.
	OnAir EntryLog
	Plays func(period report.Period, now time.Time) report.Plays
	// Titles are those of OnAir.
	Titles Titles
	// Rules are those by which OnAir is derived.
	Rules Rules
	// Purges are which plays are gone.
	Purges Purges
	// Reports bounds how many reports are made at once.
	Reports *report.Turns
	// Current knows the track that is playing.
	Current TrackService
	// Playlog holds the full records with their corrections.
	Playlog Playlog
	// Recorder stores entries and corrections.
	Recorder Recorder
	Sources  Sources
	Healths  Healths
	Clocks   Clocks
	// Lives is when engines were last heard, whether that could be stored or not.
	Lives Lives

	// Sync is what the nodes compare and exchange, and Gate knows from whom to
	// take it.
	Sync SyncStore
	Gate exchange.Gate
	// State reports on this node and, on the sync node, also on all the others.
	State func(ctx context.Context) (api.SyncState, error)

	// Links are the addresses of what the station has elsewhere of a play; none if zero.
	Links links.Links
	// Zone is the station's time zone, and Station what people call the station, ""
	// if that is not known.
	Zone    *stationtime.Zone
	Station string
	// Views is what views say of the station in addition.
	Views views.Config
	// PageURL is where people find the pages; "" if that is not known.
	PageURL string
	// HoleAfter is the longest gap between plays that reports show as no hole.
	HoleAfter time.Duration
	// EngineZone is the zone of an engine's times without an offset.
	EngineZone *stationtime.Zone
	// Version is that of the program.
	Version string
	// HostID is the source of an entry that does not name one.
	HostID int
	// EngineAsSent: engines are believed if they say that they are source 1; see
	// source.Speakers.
	EngineAsSent bool
	Now          func() time.Time
	Log          zerolog.Logger

	// recently is what views show.
	recently lately
	// searched is how many tracks are looked at to find those with a name; mostSearched
	// if 0.
	searched int
}

// isSyncNode reports whether it is the sync node, which is host 0.
func (a *API) isSyncNode() bool { return a.HostID == 0 }

// EntryLog is a list of entries; *repo.Node, *repo.Station and *repo.OnAirLog
// implement it.
type EntryLog interface {
	Entry(ctx context.Context, id int64) (model.Entry, error)
	Entries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error)
	CountEntries(ctx context.Context, q model.EntryQuery) (int64, error)
	LatestEntry(ctx context.Context, at time.Time) (model.Entry, error)
	NextEntry(ctx context.Context, after time.Time) (model.Entry, error)
}

// Rules are those by which it is derived what was heard, in the order of their
// times; *repo.Node and *repo.Station implement it.
type Rules interface {
	Rules(ctx context.Context) ([]model.HeardRule, error)
	// StationRules are those that other nodes may follow.
	StationRules(ctx context.Context) ([]model.HeardRule, error)
}

// Purges are the decisions that plays are gone, in their order; *repo.Node and
// *repo.Station implement it.
type Purges interface {
	Purges(ctx context.Context) (model.Purges, error)
}

// Playlog is an EntryLog that knows the corrections of its entries, and what was
// heard of them.
type Playlog interface {
	EntryLog
	HeardEntry(ctx context.Context, id int64) (model.HeardEntry, error)
	// Unheard lists what was not heard between two times, and says how many there
	// are.
	Unheard(ctx context.Context, q model.EntryQuery) ([]model.HeardEntry, int, error)
	Corrections(ctx context.Context, entryID int64) ([]model.Correction, error)
}

// TrackService knows the track that is playing for listeners with a delay;
// *trackservice.Service implements it.
type TrackService interface {
	Current(ctx context.Context, d trackservice.Delay) (trackservice.Track, error)
	// Changes counts what was stored.
	Changes() uint64
	// Serve streams the changes until the client leaves, and ServeAs in another form.
	Serve(w http.ResponseWriter, r *http.Request, d trackservice.Delay) error
	ServeAs(w http.ResponseWriter, r *http.Request, d trackservice.Delay, form sse.Form) error
}

// Recorder stores what was played and its corrections; *playlog.Recorder
// implements it.
type Recorder interface {
	Record(ctx context.Context, p playlog.Play) error
	Correct(ctx context.Context, id int64, c model.Correction) (model.Correction, error)
	// CheckCorrection says what Correct would store.
	CheckCorrection(e model.Entry, earlier []model.Correction, c model.Correction) (model.Correction, error)
	LogMissed(ctx context.Context, p playlog.Play, c model.Correction) (int64, model.Correction, error)
	// CheckMissed says whether LogMissed would refuse it.
	CheckMissed(e *model.Entry, c *model.Correction) error
	exchange.Recorder
}

// Sources knows which source is active, and activates one; *source.Service
// implements it.
type Sources interface {
	Active(ctx context.Context, now time.Time) (model.ActiveSource, error)
	Activate(ctx context.Context, r source.Request) error
	// Known reports whether any setting, name or record knows a source.
	Known(ctx context.Context, source int) (bool, error)
	History(ctx context.Context, offset, limit int) ([]source.Reign, error)
}

// Healths holds what sources reported about themselves; *status.Healths
// implements it.
type Healths interface {
	Record(ctx context.Context, h model.Health, arrived time.Time) error
	Latest(ctx context.Context, source int) (model.Health, error)
	History(ctx context.Context, source int, from time.Time, limit int) ([]model.Health, error)
	// NoPlaySince is since when a source plays nothing although its last state is
	// healthy; zero if that is not so.
	NoPlaySince(ctx context.Context, last model.Health, now time.Time) (time.Time, error)
}

// Clocks keeps the last studio clock of each source; *status.Clocks implements
// it.
type Clocks interface {
	Keep(ctx context.Context, c model.Clock) error
	// Of returns the clock to show while that source is active.
	Of(ctx context.Context, active int) (model.Clock, error)
}

// SyncStore is what nodes compare and exchange, except for the entries that they
// send, which go through the Recorder; *repo.Node implements it.
type SyncStore interface {
	Digests(ctx context.Context, q model.DigestQuery) ([]model.Digest, error)
	Records(ctx context.Context, q model.RecordQuery) ([]model.Record, *model.Position, error)
	HealthRecords(ctx context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error)
	ActivationsAfter(ctx context.Context, after int64, limit int) ([]model.Activation, error)
	exchange.Store
}

// requestOf returns the request that ctx belongs to.
func requestOf(ctx context.Context) *http.Request {
	return ctx.Value(gin.ContextRequestKey).(*http.Request)
}

// queryOf is the query of the request that ctx belongs to. It is empty if the service
// itself asks, which belongs to no request.
func queryOf(ctx context.Context) url.Values {
	if r, ok := ctx.Value(gin.ContextRequestKey).(*http.Request); ok {
		return r.URL.Query()
	}
	return url.Values{}
}
