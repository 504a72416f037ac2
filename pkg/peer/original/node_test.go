package original

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/handler/handlertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
)

func TestMain(m *testing.M) { os.Exit(repotest.Main(m)) }

// TestNode_Store: the entry that arrives at a node of today is the same entry.
func TestNode_Store(t *testing.T) {
	t.Parallel()
	db := repotest.Open(t, repotest.KindSQLite)
	n := node(t, handlertest.EngineAPI(t, handlertest.Node(t, 1, db, db)).ServeHTTP)
	e := model.Entry{
		LogSource: 2, TrackStart: noon.Add(123456 * time.Microsecond), Artist: "Mazzie Star", Album: "So Tonight", Title: "Fade 🎵", TrackNum: 3, TrackType: 1,
		Duration: 293001 * time.Millisecond, PlaylistID: 4, TimeslotID: 5, ShowID: 6, ShowName: "Nachtlicht", Composer: "a", Label: "b", ISRC: "c",
	}
	local := e
	local.TrackStart = e.TrackStart.In(time.FixedZone("", 7200))
	for _, sent := range []model.Entry{e, local, {LogSource: 1, TrackStart: noon}} {
		if err := n.Store(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := db.Records(t.Context(), model.RecordQuery{Source: 2})
	want := model.Record{Entry: e}
	for i := range got {
		got[i].Entry.ReceivedAt, got[i].Entry.Told = time.Time{}, "" // it takes what arrives for its own engine's
	}
	if err != nil || len(got) != 1 || got[0].Content() != want.Content() {
		t.Errorf("stored %+v, %v, want %+v once", got, err, e)
	}
	list, err := n.page(t.Context(), pageQuery{limit: 10})
	if err != nil || len(list) != 2 || list[0].Entry != e {
		t.Errorf("read back as %+v, %v", list, err)
	}
}

// TestNode_StoreZone: a node that ignores offsets reads the station's time.
func TestNode_StoreZone(t *testing.T) {
	t.Parallel()
	var body string
	n := node(t, func(w http.ResponseWriter, r *http.Request) {
		sent := new(strings.Builder)
		_, _ = io.Copy(sent, r.Body)
		body = r.Method + " " + r.URL.Path + " " + sent.String()
		w.WriteHeader(http.StatusNoContent)
	})
	if err := n.Store(t.Context(), model.Entry{LogSource: 1, TrackStart: noon}); err != nil {
		t.Fatal(err)
	}
	if want := `POST /api/v1/playlog/store {"log_source":1,"track_start":"2020-06-27T14:00:00+02:00","track_type":0}`; body != want {
		t.Errorf("sends %s, want %s", body, want)
	}
}
