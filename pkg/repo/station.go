package repo

import (
	"context"

	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"aura.radio/engine/pkg/repo/internal/airlog"
)

// Station is the database of the sync node. It promises that the on-air log
// always is what package onair derives from all that is stored: every write
// brings the log up to date in its own transaction.
//
// For that, the writes of all processes follow one another. Each write that
// changed something is counted (see Sequence); a write that changed nothing
// writes nothing at all. The only writes outside the sequence are those on
// which the on-air log does not depend: leases, maintenance and deliveries.
//
// Everything that it stores counts as synced. A write that was begun is
// finished, even if its caller's context ends. A write that touches years of
// the log takes longer than callers wait, and would otherwise never finish.
type Station struct {
	*DB
	*writer
	sequencer *sequencer
}

// OpenStation is Open for the sync node. defaultSource is active until the
// first activation.
func OpenStation(cfg Config, defaultSource int, log zerolog.Logger) (*Station, error) {
	db, err := Open(cfg, log)
	return stationOver(db, defaultSource, err)
}

// OpenExistingStation is OpenExisting for the sync node.
func OpenExistingStation(cfg Config, defaultSource int, log zerolog.Logger) (*Station, error) {
	db, err := OpenExisting(cfg, log)
	return stationOver(db, defaultSource, err)
}

func stationOver(db *DB, defaultSource int, err error) (*Station, error) {
	if err != nil {
		return nil, err
	}
	s := &sequencer{db: db.db, defaultSource: defaultSource, page: airlog.Page, turn: make(chan struct{}, 1)}
	return &Station{DB: db, writer: newWriter(db.db, s), sequencer: s}, nil
}

// Close stores what StoreEntry already accepted, then closes the connections.
// No other call may be made afterwards.
func (s *Station) Close() error {
	s.db.Hurry()
	s.group.close()
	return s.DB.Close()
}

// Sequence is the number of the last change, 0 before the first. When it has
// grown, there is something new to read. It counts the writes of all processes.
// Error: model.ErrUnavailable.
func (s *Station) Sequence(ctx context.Context) (int64, error) {
	ctx, cancel := s.db.Deadline(ctx)
	defer cancel()
	n, err := lastChange(s.db.Read.WithContext(ctx))
	return n, s.db.Fail(ctx, "read sequence", err)
}

func lastChange(g *gorm.DB) (int64, error) {
	var n []int64
	err := g.Raw("SELECT n FROM changed ORDER BY n DESC LIMIT 1").Scan(&n).Error
	if err != nil || len(n) == 0 {
		return 0, err
	}
	return n[0], nil
}
