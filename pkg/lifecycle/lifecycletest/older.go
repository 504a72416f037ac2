package lifecycletest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// beforeRules is the last migration before it was part of the record by which rule
// it is derived what was heard.
const beforeRules = 27

// oldReport is the report of StoreOldDay as a program wrote it that knew no rules.
const oldReport = "\ufefftrack_start,track_end,seconds,track_artist,track_album,track_title,track_duration,track_type,track_num,playlist_id,timeslot_id,show_id,show_name,track_composer,track_label,track_isrc,log_source,media_id,received_at,estimated\r\n" +
	"2020-06-27T10:00:00+02:00,2020-06-27T10:04:00+02:00,240,,,A,240,0,0,,,,,,,,1,,,\r\n" +
	"2020-06-27T10:05:00+02:00,2020-06-27T11:05:00+02:00,3600,,,Unknown,,0,0,,,,,,,,1,,,\r\n" +
	"2020-06-27T11:05:00+02:00,2020-06-27T11:05:00+02:00,0,,,Before a gap,,0,0,,,,,,,,1,,,\r\n" +
	"2020-06-27T17:05:00+02:00,2020-06-27T17:06:00+02:00,60,,,Jingle,600,0,0,,,,Fallback,,,,1,,,\r\n" +
	"2020-06-27T17:06:00+02:00,2020-06-27T17:07:00+02:00,60,,,B,60,0,0,,,,,,,,1,,,\r\n"

// oldSummary is its summary, to which the rule was added since.
const oldSummary = "\ufeffplays,seconds,holes,hole_seconds,without_artist,estimated,summary,rule\r\n" +
	"5,3960,2,305580,5,0,\"2 holes, 84 h 53 min; 5 entries without an artist\",1\r\n"

// oldDigest is the digest of its month by such a program.
const oldDigest = `"sum":"79ee13311686b90adfeed5eb17e32909"`

// OldDatabase is what StoreOldDay fills; *repo.Node and *repo.Station are some.
type OldDatabase interface {
	StoreEntry(ctx context.Context, e model.Entry) error
	MigrationStatus(ctx context.Context) ([]repo.Migration, error)
	MigrateDown(ctx context.Context) error
}

// StoreOldDay stores the plays of a day of 2020, and leaves the database with the
// schema of a program that knew no rules.
func StoreOldDay(t testing.TB, db OldDatabase) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	at := func(hour, minute int) time.Time { return time.Date(2020, 6, 27, hour, minute, 0, 0, time.UTC) }
	for _, e := range []model.Entry{
		{TrackStart: at(8, 0), Title: "A", Duration: 4 * time.Minute},
		{TrackStart: at(8, 5), Title: "Unknown"},
		{TrackStart: at(9, 5), Title: "Before a gap"},
		{TrackStart: at(15, 5), Title: "Jingle", Duration: 10 * time.Minute, ShowName: "Fallback"},
		{TrackStart: at(15, 6), Title: "B", Duration: time.Minute},
	} {
		e.LogSource = 1
		must(db.StoreEntry(t.Context(), e))
	}
	steps, err := db.MigrationStatus(t.Context())
	must(err)
	for range steps[beforeRules:] {
		must(db.MigrateDown(t.Context()))
	}
}

// WantOldDay fails unless a service in Vienna that started with StoreOldDay's
// database has the same identities and report, and another rule since its start.
func WantOldDay(t testing.TB, s *Service, started time.Time) {
	t.Helper()
	for path, want := range map[string]string{
		"/api/v1/report/2020-06?format=csv":              oldReport,
		"/api/v1/report/2020-06?format=csv&part=summary": oldSummary,
		"/api/v1/sync/digests?source=1":                  oldDigest,
	} {
		if _, answer := s.Call(http.MethodGet, path, ""); !strings.Contains(answer, want) {
			t.Errorf("%s: %s, want %s", path, answer, want)
		}
	}
	_, answer := s.Call(http.MethodGet, "/api/v1/sync/rules", "")
	var rules []api.SyncRule
	if err := json.Unmarshal([]byte(answer), &rules); err != nil || len(rules) != 2 ||
		rules[0].Version != model.RuleAsSaid || rules[1].Version != model.RuleHeard || rules[1].From.Before(started.Truncate(time.Microsecond)) {
		t.Errorf("rules are %s, %v", answer, err)
	}
}
