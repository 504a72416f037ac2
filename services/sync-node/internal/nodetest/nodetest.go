// Package nodetest gives tests nodes to synchronize with: the API of an
// engine-api over its own database, without a process. It promises that its
// answers follow the contract.
package nodetest

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/handler/handlertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/stationtime"
)

// Node is a node.
type Node struct {
	URL string
	DB  *repo.Node
	// Close cuts the node off. The end of the test also does so.
	Close func()
}

// Start serves a node of that number until the test ends.
func Start(t testing.TB, number int) *Node {
	t.Helper()
	db := repotest.Open(t, repotest.KindSQLite)
	node := handlertest.Node(t, number, db, db)
	node.State = func(ctx context.Context) (api.SyncState, error) {
		waiting, err := db.Outbox(ctx)
		state := api.SyncState{HostId: number, Now: stationtime.UTC(time.Now()), Outbox: api.Outbox{Entries: waiting.Entries, Healths: waiting.Healths}}
		if !waiting.Oldest.IsZero() {
			state.Outbox.Oldest = new(stationtime.UTC(waiting.Oldest))
		}
		return state, err
	}
	server := httptest.NewServer(handlertest.EngineAPI(t, node))
	t.Cleanup(server.Close)
	return &Node{URL: server.URL, DB: db, Close: server.Close}
}

// Play stores that the source of that number played a title.
func (n *Node) Play(t testing.TB, number int, at time.Time, title string) {
	t.Helper()
	e := model.Entry{LogSource: number, TrackStart: at, Title: title}
	e.Normalize()
	if err := n.DB.StoreEntry(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}
