package handler

import (
	"context"
	"net/http"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/trackservice"
	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"
)

// API serves what every node does: an engine-api and the sync node. All that may
// be nil is required; see NewEngineAPI.
type API struct {
	// OnAir is what listeners heard: the engine's playlog, or the on-air log of the
	// sync node. Plays is what the report of a month counts of that.
	OnAir EntryLog
	Plays func(month report.Month, now time.Time) report.Plays
	// Current knows the track that is playing.
	Current TrackService
	// Playlog holds the full records with their corrections.
	Playlog Playlog
	// Recorder stores entries and corrections.
	Recorder Recorder
	Sources  Sources
	Healths  Healths
	Clocks   Clocks

	// Sync is what the nodes compare and exchange.
	Sync SyncStore
	// State tells of this node, and on the sync node of all the others.
	State func(ctx context.Context) (api.SyncState, error)

	// Zone is the station's time zone.
	Zone *stationtime.Zone
	// HostID is the source of what does not name one.
	HostID int
	// DefaultSource is active until a source is activated.
	DefaultSource int
	// Follows: another node decides which source is active, so what Sources
	// says of it may be some seconds old.
	Follows bool
	// Changed tells who keeps answers in memory that the active source changed;
	// it must not block. The Recorder tells of the playlog's changes itself.
	Changed func()
	Now     func() time.Time
	Log     zerolog.Logger
}

// EntryLog is a list of entries; *repo.DB is one.
type EntryLog interface {
	Entry(ctx context.Context, id int64) (model.Entry, error)
	Entries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error)
	CountEntries(ctx context.Context, q model.EntryQuery) (int64, error)
	NextEntry(ctx context.Context, after time.Time) (model.Entry, error)
}

// Playlog is an EntryLog that knows the corrections of its entries.
type Playlog interface {
	EntryLog
	Corrections(ctx context.Context, entryID int64) ([]model.Correction, error)
}

// TrackService knows the track that is playing; *trackservice.Service does.
type TrackService interface {
	Current(ctx context.Context) (trackservice.Track, error)
	// Serve streams the changes until the client leaves.
	Serve(w http.ResponseWriter, r *http.Request) error
}

// Recorder stores what was played and its corrections; *playlog.Recorder does.
type Recorder interface {
	Record(ctx context.Context, e model.Entry, other time.Time) error
	Correct(ctx context.Context, id int64, c model.Correction) (model.Correction, error)
	LogMissed(ctx context.Context, e model.Entry, other time.Time, c model.Correction) (int64, model.Correction, error)
	// Receive stores what another node holds; there is a receipt for each record.
	Receive(ctx context.Context, records []model.Record, synced bool) ([]playlog.Receipt, error)
}

// Sources is the history of the active source.
type Sources interface {
	ActiveSource(ctx context.Context, now time.Time) (model.ActiveSource, error)
	Activate(ctx context.Context, a model.Activation, admit func(last model.Activation) error) (model.Activation, error)
	Activations(ctx context.Context, offset, limit int) ([]model.Activation, error)
}

// Healths is what sources said about themselves.
type Healths interface {
	StoreHealth(ctx context.Context, h model.Health) error
	LatestHealth(ctx context.Context, source int) (model.Health, error)
	HealthHistory(ctx context.Context, source int, from time.Time, limit int) ([]model.Health, error)
}

// Clocks keeps the last studio clock of each source.
type Clocks interface {
	StoreClock(ctx context.Context, c model.Clock) error
	Clock(ctx context.Context, source int) (model.Clock, error)
}

// SyncStore is what nodes compare and exchange beside the entries that go
// through the Recorder; *repo.DB has it.
type SyncStore interface {
	Digests(ctx context.Context, q model.DigestQuery) ([]model.Digest, error)
	Records(ctx context.Context, q model.RecordQuery) ([]model.Record, *model.Position, error)
	HealthRecords(ctx context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error)
	ActivationsAfter(ctx context.Context, after int64, limit int) ([]model.Activation, error)
	AbsorbHealths(ctx context.Context, hs []model.Health, synced bool) error
	AbsorbClocks(ctx context.Context, cs []model.Clock, synced bool) error
	MarkSynced(ctx context.Context, acks []model.Ack) error
	MarkHealthsSynced(ctx context.Context, uids []model.Fingerprint) error
}

// requestOf is the request that ctx belongs to.
func requestOf(ctx context.Context) *http.Request {
	return ctx.Value(gin.ContextRequestKey).(*http.Request)
}
