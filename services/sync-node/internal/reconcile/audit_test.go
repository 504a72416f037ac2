package reconcile

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// sample is a record with every field set.
func sample(minute int) model.Record {
	r := model.Record{
		Entry: model.Entry{
			LogSource: 1, TrackStart: epoch.Add(time.Duration(minute) * time.Minute), Artist: "Mazzy Star", Album: "She Hangs Brightly",
			Title: "Halah", TrackNum: 1, TrackType: 1, Duration: 3 * time.Minute, PlaylistID: 2, TimeslotID: 3, ShowID: 4,
			ShowName: "Nightline", Composer: "Roback", Label: "Rough Trade", ISRC: "USCA29600428", Manual: true,
			MediaID: 5, ReceivedAt: epoch.Add(time.Duration(minute) * time.Minute),
		},
		Corrections: []model.Correction{{Kind: model.CorrectionVoid, At: epoch, By: "M. Tester", Reason: "never heard"}},
	}
	r.Normalize()
	return r
}

// changes are all the ways in which two copies of one record can differ, by
// name.
var changes = func() map[string]func(*model.Record) {
	all := changesOfCorrections()
	for _, f := range model.Fields {
		all[f.Name()] = func(r *model.Record) {
			switch v := f.Of(&r.Entry).(type) {
			case *string:
				*v += "!"
			case *int:
				*v++
			case *int64:
				*v++
			case *bool:
				*v = !*v
			case *time.Time:
				*v = v.Add(time.Microsecond)
			case *time.Duration:
				*v += time.Millisecond
			case *model.Doubts:
				*v = v.With(model.NewDoubts(model.NewDoubt("track_num", "x", "is no number")))
			case *model.Tellings:
				*v = model.Tell(r.Entry, toldLater(r.Entry)).Told
			}
		}
	}
	return all
}()

// toldLater is an entry as its engine tells it again.
func toldLater(e model.Entry) model.Entry {
	e.ReceivedAt = epoch.Add(time.Hour)
	return e
}

func changesOfCorrections() map[string]func(*model.Record) {
	return map[string]func(*model.Record){
		"no correction": func(r *model.Record) { r.Corrections = nil },
		"another correction": func(r *model.Record) {
			r.Corrections = append(r.Corrections, model.Correction{Kind: model.CorrectionRestore, At: epoch, By: "M. Tester", Reason: "heard after all"})
		},
		"who corrected": func(r *model.Record) {
			r.Corrections = []model.Correction{{Kind: model.CorrectionVoid, At: epoch, By: "N. Tester", Reason: "never heard"}}
		},
		"moved": func(r *model.Record) {
			r.Corrections = append(r.Corrections, model.Correction{
				Kind: model.CorrectionAmend, At: epoch.Add(time.Minute), By: "M. Tester", Reason: "late",
				Changes: model.Changes{TrackStart: new(r.Entry.TrackStart.Add(2 * time.Hour))},
			})
		},
	}
}

// equalSides are a store and a node with the same records.
func equalSides() (store, node *memory) {
	store, node = newMemory(0), newMemory(1)
	for _, side := range []*memory{store, node} {
		for minute := range 100 {
			side.put(sample(minute))
		}
		side.putHealths(true, model.Health{Source: 1, LogTime: epoch, Healthy: true, Details: "{}"})
		side.clocks[1] = model.Clock{Source: 1, SentAt: epoch, Body: []byte(`{}`)}
	}
	memoryNode{node}.push(store, 1000)
	return store, node
}

func auditOf(t *testing.T, store *memory, node Node) NodeAudit {
	t.Helper()
	audits, err := reconciler(Config{BatchSize: 10}, store, node).Audit(t.Context())
	if err != nil || len(audits) != 1 {
		t.Fatal(audits, err)
	}
	return audits[0]
}

// TestAudit_EveryField: a record that differs in any one field, on either side,
// is found and listed.
func TestAudit_EveryField(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		for _, isHere := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					store, node := equalSides()
					side := node
					if isHere {
						side = store
					}
					r := sample(50)
					id := r.Entry.Fingerprint()
					delete(side.records, id)
					change(&r)
					r.Normalize()
					side.put(r)

					audit := auditOf(t, store, memoryNode{node})
					if audit.Failed != "" || audit.Equal() {
						t.Fatalf("not found: %+v", audit)
					}
					found := 0
					for _, b := range audit.Kinds[0].Differing {
						if b.Span != model.SpanHour {
							t.Errorf("looks no closer than at a %s", b.Span)
						}
						for _, listed := range b.Records {
							if listed.Fingerprint == id.String() {
								found++
							}
						}
					}
					if found == 0 {
						t.Errorf("not listed: %+v", audit.Kinds[0])
					}
				})
			})
		}
	}
}

func TestAudit_Others(t *testing.T) {
	t.Parallel()
	health := model.Health{Source: 1, LogTime: epoch.Add(time.Minute)}
	for name, change := range map[string]func(store, node *memory) (kind int){
		"health missing here":  func(_, node *memory) int { node.putHealths(true, health); return 1 },
		"health missing there": func(store, _ *memory) int { store.putHealths(true, health); return 1 },
		"clock here":           func(store, _ *memory) int { store.clocks[1] = model.Clock{Source: 1, SentAt: epoch.Add(1)}; return 2 },
		"clock missing there":  func(_, node *memory) int { delete(node.clocks, 1); return 2 },
		"activation missing here": func(_, node *memory) int {
			node.activations = append(node.activations, model.Activation{Epoch: 7, Source: 2, From: epoch, RecordedAt: epoch, By: "M. Tester"})
			return 3
		},
		"record missing here":  func(store, _ *memory) int { lose(store, sample(3)); return 0 },
		"record missing there": func(_, node *memory) int { lose(node, sample(3)); return 0 },
		"all missing there":    func(_, node *memory) int { clear(node.records); return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, node := equalSides()
				kind := change(store, node)
				audit := auditOf(t, store, memoryNode{node})
				if audit.Failed != "" || audit.Equal() || len(audit.Kinds[kind].Differing) != 1 {
					t.Errorf("shows %+v", audit)
				}
				if listed := len(audit.Kinds[kind].Differing[0].Records); listed > maxListed {
					t.Errorf("lists %d", listed)
				}
			})
		})
	}

	t.Run("Away", func(t *testing.T) {
		t.Parallel()
		store, node := equalSides()
		audit := auditOf(t, store, &troubled{Node: memoryNode{node}, before: func(int) error { return errCable }})
		if audit.Equal() || !strings.Contains(audit.Failed, errCable.Error()) {
			t.Errorf("shows %+v", audit)
		}
	})

	t.Run("Original", func(t *testing.T) {
		t.Parallel()
		store, node := equalSides()
		audit := auditOf(t, store, &troubled{Node: memoryNode{node}, before: func(int) error { return peer.ErrUnsupported }})
		if audit.Equal() || audit.Failed != errOriginal.Error() {
			t.Errorf("shows %+v", audit)
		}
	})

	t.Run("OfAnotherSource", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, node := equalSides()
			waiting := sample(3)
			waiting.Entry.LogSource = 3 // no node's own source, so it is not compared
			waiting.Normalize()
			node.put(waiting)
			if audit := auditOf(t, store, memoryNode{node}); audit.Equal() || audit.Waiting != 1 {
				t.Errorf("shows %+v", audit)
			}
			memoryNode{node}.push(store, 1000)
			node.refused = 2
			if audit := auditOf(t, store, memoryNode{node}); audit.Equal() || audit.Waiting != 0 || audit.Refused != 2 {
				t.Errorf("shows %+v", audit)
			}
			node.journal = model.Journal{Waiting: 3, Aside: 1, Foreign: 1}
			if audit := auditOf(t, store, memoryNode{node}); audit.Equal() || audit.Waiting != 3 || audit.Refused != 4 {
				t.Errorf("shows %+v", audit)
			}
		})
	})

	t.Run("WrongClock", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, node := equalSides()
			node.warnings = []string{"starts are 2h behind", "and so on"}
			// It is told, and the records are equal nevertheless.
			if audit := auditOf(t, store, memoryNode{node}); !audit.Equal() || audit.Clock != "starts are 2h behind; and so on" {
				t.Errorf("shows %+v", audit)
			}
		})
	})

	t.Run("AnotherNode", func(t *testing.T) {
		t.Parallel()
		store, _ := equalSides()
		if audit := auditOf(t, store, memoryNode{newMemory(2)}); audit.Equal() {
			t.Errorf("shows %+v", audit)
		}
	})
}

func lose(m *memory, r model.Record) { delete(m.records, r.Entry.Fingerprint()) }

// TestAudit_UnderWay: records that a node is about to send are no difference.
func TestAudit_UnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, node := equalSides()
		node.put(sample(200))
		node.clocks[1] = model.Clock{Source: 1, SentAt: epoch.Add(time.Hour)}
		time.AfterFunc(1500*time.Millisecond, func() {
			memoryNode{node}.push(store, 1000)
			_ = store.AbsorbClocks(t.Context(), []model.Clock{{Source: 1, SentAt: epoch.Add(time.Hour)}}, false)
		})
		if audit := auditOf(t, store, memoryNode{node}); !audit.Equal() || audit.Kinds[0].Equal != 101 {
			t.Errorf("shows %+v", audit)
		}
	})
}

func TestAudit_NoSuchNode(t *testing.T) {
	t.Parallel()
	store, node := equalSides()
	if _, err := reconciler(Config{BatchSize: 10}, store, memoryNode{node}).Audit(t.Context(), 7); err == nil || errors.Is(err, errCable) {
		t.Errorf("error is %v", err)
	}
}

// TestAudit_Older: a node of the first edition is compared by what it knows, and
// nothing is sent for the rest. Once it is updated, it gets the rest.
func TestAudit_Older(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, node := newMemory(0), newMemory(1)
		node.older = true
		for minute := range 100 {
			store.put(sample(minute))
			node.put(sample(minute))
		}
		memoryNode{node}.push(store, 1000)
		// The node keeps a length that is not the one that was told last.
		shorter, longer := sample(7), sample(7)
		shorter.Entry.Duration, shorter.Entry.ReceivedAt = time.Minute, epoch.Add(time.Hour)
		longer.Entry.Duration = time.Hour
		shorter.Entry = model.Tell(longer.Entry, shorter.Entry)
		store.records[shorter.Entry.Fingerprint()] = shorter
		node.put(longer)
		r := reconciler(Config{BatchSize: 10}, store, memoryNode{node})
		for range 2 {
			if err := r.Once(t.Context()); err != nil || r.Status()[0].Sent != 0 {
				t.Errorf("%v, sent %d", err, r.Status()[0].Sent)
			}
		}
		if audit := auditOf(t, store, memoryNode{node}); !audit.Older || !audit.Equal() || audit.Kinds[0].Equal != 100 {
			t.Errorf("%+v", audit)
		}

		unlabelled := sample(8)
		unlabelled.Entry.Label = ""
		store.records[unlabelled.Entry.Fingerprint()] = unlabelled
		if audit := auditOf(t, store, memoryNode{node}); audit.Equal() || len(audit.Kinds[0].Differing[0].Records) != 1 {
			t.Errorf("what is missing here is not found: %+v", audit)
		}

		node.older = false
		if audit := auditOf(t, store, memoryNode{node}); audit.Older || audit.Equal() {
			t.Errorf("what the node lacks is not found: %+v", audit)
		}
		if err := r.Once(t.Context()); err != nil {
			t.Error(err)
		}
		if audit := auditOf(t, store, memoryNode{node}); !audit.Equal() {
			t.Errorf("%+v", audit)
		}
		if got := node.records[shorter.Entry.Fingerprint()].Entry; got.Duration != time.Minute || got.MediaID != 5 {
			t.Errorf("the node has %+v", got)
		}
	})
}
