package repo

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/source"
)

// TestWriting_forgotten: a write that forgets to say what it touches fails, and
// nothing of it remains. The same is true of a write outside the sequence that
// changes what belongs to the sequence.
func TestWriting_forgotten(t *testing.T) {
	t.Parallel()
	cfg := Config{URL: "sqlite://" + filepath.Join(t.TempDir(), "test.db")}
	node, err := OpenNode(cfg, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Close() })
	if err := node.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	station := node.Station(t, 1)
	noon := time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)
	if err := station.StoreEntry(t.Context(), model.Entry{LogSource: 1, TrackStart: noon, Title: "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := station.Activate(t.Context(), source.Request{Source: 1, By: "alice", Arrived: noon}, source.Admit); err != nil {
		t.Fatal(err)
	}
	before, err := station.Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type do = func(ctx context.Context, tx *writing) error
	executing := func(statement string) do {
		return func(ctx context.Context, tx *writing) error { _, err := tx.Exec(ctx, statement); return err }
	}
	throughGorm := func(ctx context.Context, tx *writing) error {
		return tx.gorm(ctx).Model(&entryRow{}).Where("id = 1").Update("duration_ms", 1000).Error
	}
	inParts := func(ctx context.Context, tx *writing) error {
		row := newEntryRow(model.Entry{LogSource: 1, TrackStart: noon, Title: "b"})
		return tx.write(ctx, []entryRow{row}, tx.insertMany)
	}
	for name, test := range map[string]struct {
		commit func(ctx context.Context, doing string, do func(ctx context.Context, tx *writing) error) error
		do     do
		want   error
	}{
		"Station":           {station.commit, executing("UPDATE playlog SET duration_ms = 1000"), errForgotten},
		"Station/Delete":    {station.commit, executing("DELETE FROM activation"), errForgotten},
		"Station/Gorm":      {station.commit, throughGorm, errForgotten},
		"Station/InParts":   {station.commit, inParts, errForgotten},
		"Station/Unchanged": {station.commit, executing("UPDATE playlog SET duration_ms = 1000 WHERE id = 2"), nil},
		"Node":              {node.commit, executing("UPDATE playlog SET duration_ms = 1000"), errForgotten},
		"Aside":             {station.aside, executing("UPDATE playlog SET duration_ms = 1000"), errForgotten},
		"Aside/Health":      {station.aside, executing("INSERT INTO health (uid, source, log_time, is_healthy, details) VALUES (X'00', 1, '', 1, '')"), errAside},
		"Aside/Touching": {station.aside, func(_ context.Context, tx *writing) error {
			tx.touched.Activation(model.Activation{From: noon})
			return nil
		}, errAside},
	} {
		if err := test.commit(t.Context(), "test", test.do); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
		if e, err := station.Entry(t.Context(), 1); err != nil || e.Duration != 0 {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	if after, err := station.Sequence(t.Context()); err != nil || after != before {
		t.Errorf("the sequence went from %d to %d, %v", before, after, err)
	}
	if n, err := station.CountEntries(t.Context(), model.EntryQuery{}); err != nil || n != 1 {
		t.Errorf("%d entries, %v", n, err)
	}
}
