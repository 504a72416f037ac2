package repo_test

import (
	"slices"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/status"
)

// mergeHealth notes that a state was stored, and reports whether that changed
// anything.
func (h *history) mergeHealth(s model.Health) bool {
	for i, known := range h.healths {
		if known.UID() == s.UID() {
			h.healths[i] = status.MergeHealth(known, s)
			return h.healths[i].Content() != known.Content()
		}
	}
	h.healths = append(h.healths, s)
	return true
}

// merge notes that a record was stored, and reports whether that changed
// anything.
func (h *history) merge(r model.Record) bool { return h.unite(r, model.MergeRecords) }

// tell is merge for what an engine told.
func (h *history) tell(r model.Record) bool {
	return h.unite(r, func(known, r model.Record) model.Record {
		known.Entry = model.Tell(known.Entry, r.Entry)
		known.Entry.Synced = true
		return known
	})
}

func (h *history) unite(r model.Record, merge func(known, r model.Record) model.Record) bool {
	r.Entry.Synced = true
	for i, known := range h.records {
		if known.Entry.Fingerprint() == r.Entry.Fingerprint() {
			merged := merge(known, r)
			h.records[i] = merged
			return merged.Content() != known.Content()
		}
	}
	h.records = append(h.records, r)
	return true
}

// remember notes that a node gave an activation back, and reports whether that
// changed anything.
func (h *history) remember(a model.Activation) bool {
	if slices.ContainsFunc(h.activations, func(known model.Activation) bool { return known.Content() == a.Content() }) {
		return false
	}
	lowest, last := int64(1), -1
	for i, known := range h.activations {
		lowest = min(lowest, known.Epoch)
		if last < 0 || known.Epoch > h.activations[last].Epoch {
			last = i
		}
	}
	switch {
	case slices.ContainsFunc(h.activations, func(known model.Activation) bool { return known.Epoch == a.Epoch }):
		a.Epoch = lowest - 1
	case last >= 0 && a.Epoch > h.activations[last].Epoch && h.activations[last].Epoch > 0 && h.activations[last].RecordedAt.After(a.RecordedAt):
		h.activations[last].Epoch = a.Epoch + 1
	}
	h.activations = append(h.activations, a)
	return true
}
