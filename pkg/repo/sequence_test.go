package repo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/status"
)

// The methods of a Station except the writes of TestStation_writes. None of
// these methods stores anything on which the on-air log depends, or that
// answers show.
var (
	stationReads = []string{
		"ActiveSource", "Activations", "ActivationsAfter", "Clock", "Corrections", "CountDays", "CountEntries", "DecidedHere", "Digests", "EachEntry", "Entries",
		"Entry", "EntryWith", "HealthHistory", "HealthRecords", "HeardEntry", "LastPlay", "LatestDelivery", "LatestEntry", "LatestHealth", "Lease", "Maintenances",
		"NextEntry", "Note", "OnAir", "Prepared", "PurgeOf", "Purgeable", "Purges", "Records", "Rules", "Sequence", "Session", "Sightings", "Sources", "StationRules", "TryRule", "Unheard", "UnknownActivations", "Verify", "WaitingDeliveries",
	}
	stationSchema = []string{
		"Adopt", "Backup", "Begin", "Belongs", "Claim", "Close", "CopyTo", "Database", "Hold", "InPlace", "Migrate", "MigrateDown", "MigrationStatus", "OnLate", "Ready", "Reload",
		"Size", "Writable",
	}
	stationTests = []string{
		"AwaitRefusal", "AwaitWaiting", "DeepEntries", "DigestsByPage", "ExecRaw", "FaultMigrations", "HoldReaders", "HoldTurn", "HoldVisitors", "HoldWriter", "KeepPlayedAt", "Record", "SetPage",
	}
)

// TestStation_writes: a Station has no method that writes outside the sequence.
// The test knows every exported method as a read, as a write that the sequence
// counts, or as a write on which the on-air log does not depend. It executes
// the writes.
func TestStation_writes(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		ctx := t.Context()
		raw, s := rawSQL(t, kind, url), db.Station(t, 1)
		if err := s.Prepare(ctx); err != nil {
			t.Fatal(err)
		}
		first, second := playedAt(1, 0, 3, "first"), playedAt(1, 3, 3, "second")
		first.Normalize()
		second.Normalize()
		counted := map[string]func() error{
			"StoreEntry": func() error { return s.StoreEntry(ctx, first) },
			"Absorb":     func() error { _, err := s.Absorb(ctx, []model.Record{{Entry: second}}, true); return err },
			"Correct": func() error {
				_, err := s.Correct(ctx, only(t, s).ID, func(model.Entry, []model.Correction) (model.Correction, error) {
					return model.Correction{Kind: model.CorrectionVoid, At: noon, By: "alice", Reason: "x"}, nil
				})
				return err
			},
			"LogMissed": func() error {
				_, _, err := s.LogMissed(ctx, second, model.Correction{Kind: model.CorrectionLog, At: noon, By: "alice", Reason: "x"})
				return err
			},
			"Activate": func() error {
				_, err := s.Activate(ctx, asked(model.Activation{Source: 2, From: noon, RecordedAt: noon}), source.Admit)
				return err
			},
			"RememberActivations": func() error {
				_, err := s.RememberActivations(ctx, []model.Activation{{Epoch: 7, Source: 2, From: noon, RecordedAt: noon}})
				return err
			},
			"StoreHealth": func() error { return s.StoreHealth(ctx, model.Health{Source: 1, LogTime: noon}, asSaid) },
			"PurgeHealths": func() error {
				err := s.AbsorbHealths(ctx, []model.Health{{Source: 1, LogTime: noon.Add(-time.Hour)}, {Source: 1, LogTime: noon}}, true)
				if err != nil {
					return err
				}
				absorbed, err := s.Sequence(ctx)
				if err != nil {
					return err
				}
				if n, err := s.PurgeHealths(ctx, noon, 10); err != nil || n != 1 {
					return fmt.Errorf("it deleted %d: %w", n, err)
				}
				if purged, err := s.Sequence(ctx); err != nil || purged == absorbed {
					return errors.Join(err, errors.New("it wrote past the sequence"))
				}
				return nil
			},
			"DecidePurge": func() error { return s.DecidePurge(ctx, purgeOf(0, noon)) },
			"LearnPurges": func() error { _, err := s.LearnPurges(ctx, []model.Purge{purgeOf(1, noon)}); return err },
			"PurgePlays": func() error {
				p := purgeOf(0, noon.Add(time.Hour))
				if err := s.DecidePurge(ctx, p); err != nil {
					return err
				}
				decided, err := s.Sequence(ctx)
				if err != nil {
					return err
				}
				if _, _, err := s.PurgePlays(ctx, p.UID(), monthOf, 10); err != nil {
					return err
				}
				if purged, err := s.Sequence(ctx); err != nil || purged == decided {
					return errors.Join(err, errors.New("it wrote past the sequence"))
				}
				return nil
			},
			"AbsorbHealths": func() error { return s.AbsorbHealths(ctx, []model.Health{{Source: 1, LogTime: noon}}, true) },
			"StoreClock":    func() error { return s.StoreClock(ctx, model.Clock{Source: 1, SentAt: noon}, status.LastClock) },
			"AbsorbClocks":  func() error { return s.AbsorbClocks(ctx, []model.Clock{{Source: 1, SentAt: noon}}, true) },
			"MarkSynced": func() error { // in a database that was a node's
				e := only(t, s)
				execSQL(t, raw, "UPDATE playlog SET is_synced = 0")
				r := model.Record{Entry: e}
				return s.MarkSynced(ctx, []model.Ack{{Fingerprint: e.Fingerprint(), Content: r.Content()}})
			},
			"MarkHealthsSynced": func() error {
				h := model.Health{Source: 1, LogTime: noon}
				if err := s.StoreHealth(ctx, h, asSaid); err != nil {
					return err
				}
				execSQL(t, raw, "UPDATE health SET is_synced = 0")
				return s.MarkHealthsSynced(ctx, []model.Fingerprint{h.UID()})
			},
			"StartRule": func() error { _, err := s.StartRule(ctx, model.DefaultHeardRule()); return err },
			"SetRule":   func() error { _, err := s.SetRule(ctx, model.DefaultHeardRule(), nil); return err },
			"Prepare": func() error {
				execSQL(t, raw, "DELETE FROM onair_rule")
				return s.Prepare(ctx)
			},
			"KeepTitles": func() error {
				if err := s.StoreEntry(ctx, first); err != nil {
					return err
				}
				execSQL(t, raw, "UPDATE onair SET title_id = NULL")
				execSQL(t, raw, "UPDATE changed SET known = 33")
				ctx, stop := context.WithCancel(ctx)
				defer stop()
				return s.KeepTitles(ctx, stop)
			},
			"KeepPlayed": func() error { return s.KeepPlayedAt(ctx, noon.AddDate(0, 0, 3)) },
			"Rebuild": func() error {
				execSQL(t, raw, "DELETE FROM onair")
				_, err := s.Rebuild(ctx, nil)
				return err
			},
		}
		session, _ := model.NewSession("ann", nil, noon)
		delivery := model.Delivery{Channel: "hook", Body: json.RawMessage("{}"), CreatedAt: noon}
		aside := map[string]func() error{
			"AcquireLease": func() error { _, err := s.AcquireLease(ctx, "monitor", "a", time.Hour); return err },
			"ReleaseLease": func() error { return s.ReleaseLease(ctx, "monitor", "a") },
			"Sight": func() error {
				_, err := s.Sight(ctx, 1, noon, func([]model.Sighting) []model.Sighting {
					return []model.Sighting{{Identity: model.Identity{Owner: engine(1)}, First: noon, Last: noon, Standing: model.Current}}
				})
				return err
			},
			"StoreMaintenance": func() error {
				return s.StoreMaintenance(ctx, model.Maintenance{Source: 1, On: true, ChangedAt: noon}, status.LastMaintenance)
			},
			"StoreDeliveries": func() error { _, err := s.StoreDeliveries(ctx, []model.Delivery{delivery}); return err },
			"FailDelivery":    func() error { return s.FailDelivery(ctx, 1, 1, "no") },
			"StoreNote": func() error {
				return s.StoreNote(ctx, model.Note{Name: "hook", Body: json.RawMessage("{}"), WrittenAt: noon})
			},
			"StartSession":   func() error { return s.StartSession(ctx, session) },
			"ProlongSession": func() error { return s.ProlongSession(ctx, session) },
			"EndSession":     func() error { return s.EndSession(ctx, session.ID) },
			"EndDelivery":    func() error { return s.EndDelivery(ctx, 1, noon, "") },
		}
		for method := range reflect.TypeFor[*repo.Station]().Methods() {
			name := method.Name
			known := counted[name] != nil || aside[name] != nil
			for _, list := range [][]string{stationReads, stationSchema, stationTests} {
				known = known || slices.Contains(list, name)
			}
			if !known {
				t.Errorf("is %s a read, or a write that the sequence counts?", name)
			}
		}
		sequence := func() int64 {
			t.Helper()
			n, err := s.Sequence(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for name, write := range counted {
			empty(t, raw)
			execSQL(t, raw, "DELETE FROM health")
			execSQL(t, raw, "DELETE FROM clock")
			execSQL(t, raw, "DELETE FROM purged_plays")
			if name != "StoreEntry" && name != "LogMissed" {
				if err := s.StoreEntry(ctx, first); err != nil {
					t.Fatal(err)
				}
			}
			before := sequence()
			if err := write(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if sequence() == before {
				t.Errorf("%s wrote past the sequence", name)
			}
		}
		before := sequence()
		release := s.HoldTurn() // these writes do not wait for the turn
		defer release()
		for _, name := range slices.Backward(slices.Sorted(maps.Keys(aside))) { // in this order a delivery is stored before it fails and ends
			if err := aside[name](); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if sequence() != before {
			t.Error("what the on-air log does not depend on moved the sequence")
		}
	})
}
