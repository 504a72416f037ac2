// Package nodetest gives tests a sync node to decide for: its API over a
// database of its own, without a process. It promises that the node answers as
// the contract says.
package nodetest

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/handler/handlertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
)

// SyncNode is a sync node.
type SyncNode struct {
	URL string
	DB  *repo.Station
}

// Start serves a sync node until the test ends. It knows the sources 1 to 8.
func Start(t testing.TB) *SyncNode {
	t.Helper()
	station := repotest.OpenStation(t, repotest.KindSQLite)
	node := handlertest.Node(t, 0, station, station.OnAir())
	node.Sources = source.New(station, 1, func() {}, zerolog.Nop()).Knowing(func(_ context.Context, number int) (bool, error) { return number < 9, nil })
	server := httptest.NewServer(handlertest.SyncNode(t, node, handlertest.Own(node, station)))
	t.Cleanup(server.Close)
	return &SyncNode{URL: server.URL, DB: station}
}

// Activations are all activations, newest first.
func (n *SyncNode) Activations(t testing.TB) []model.Activation {
	t.Helper()
	list, err := n.DB.Activations(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
