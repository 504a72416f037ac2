package repo

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// ActivationsAfter returns the activations of greater epochs than after, by
// epoch; after model.NoEpoch all of them, limit at most.
func (r reader) ActivationsAfter(ctx context.Context, after int64, limit int) ([]model.Activation, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	var rows []activationRow
	err := r.db.Read.WithContext(ctx).Where("epoch > ?", after).Order("epoch").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, r.db.Fail(ctx, "read activations", err)
	}
	activations := make([]model.Activation, len(rows))
	for i := range rows {
		activations[i] = rows[i].activation()
	}
	return activations, nil
}

// UnknownActivations are those of a list that are not stored, whatever their
// epochs are. Error: model.ErrUnavailable.
func (r reader) UnknownActivations(ctx context.Context, list []model.Activation) ([]model.Activation, error) {
	var unknown []model.Activation
	for part := range slices.Chunk(list, sqldb.MaxList) {
		n, err := r.numberedIn(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, a := range part {
			if _, known := n.epochs[a.Content()]; !known {
				unknown = append(unknown, a)
			}
		}
	}
	return unknown, nil
}

func (r reader) numberedIn(ctx context.Context, list []model.Activation) (*numbered, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	n, err := readNumbered(r.db.Read.WithContext(ctx), list)
	return n, r.db.Fail(ctx, "read activations", err)
}

// RememberActivations keeps a node's own copy of activations as the sync node
// has them, under its epochs. One that has the epoch of another here loses it to
// that and is kept below all others, until the sync node tells which it has
// there. Error: model.ErrUnavailable.
func (n *Node) RememberActivations(ctx context.Context, list []model.Activation) error {
	for part := range slices.Chunk(list, sqldb.MaxList) {
		err := n.commit(ctx, "remember activations", func(ctx context.Context, tx *writing) error {
			stored, err := readNumbered(tx.gorm(ctx), part)
			for _, a := range part {
				if err == nil {
					err = stored.follow(ctx, tx, a)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rememberedAtOnce is how many activations are given back in one transaction:
// each may have the log of its whole time derived anew, while others wait.
const rememberedAtOnce = 50

// RememberActivations gives the sync node back what a node still knows; theirs
// is all of it. Each gets the epoch that it had. Where that was given anew since,
// it gets one below all others: it is the older one. The last one accepted stays
// the last, under an epoch above all that the node knows, so that it is believed
// there. Returned is how many were missing. Error: model.ErrUnavailable.
func (s *Station) RememberActivations(ctx context.Context, theirs []model.Activation) (restored int, err error) {
	unknown, err := s.UnknownActivations(ctx, theirs)
	if err != nil || len(unknown) == 0 {
		return 0, err
	}
	isTheirs := make(map[model.Fingerprint]bool, len(theirs))
	for _, a := range theirs {
		isTheirs[a.Content()] = true
	}
	// The latest first: so each is followed up to the next one only, and the
	// first part brings the greatest epoch.
	slices.SortFunc(unknown, func(a, b model.Activation) int { return int(min(max(b.Epoch-a.Epoch, -1), 1)) })
	for part := range slices.Chunk(unknown, rememberedAtOnce) {
		var added int
		err := s.commit(ctx, "remember activations", func(ctx context.Context, tx *writing) (err error) {
			added, err = tx.restore(ctx, part, isTheirs)
			return err
		})
		if err != nil {
			return restored, err
		}
		restored += added
	}
	return restored, nil
}

// restore stores activations that a node still knows.
func (tx *writing) restore(ctx context.Context, part []model.Activation, isTheirs map[model.Fingerprint]bool) (added int, err error) {
	n, err := readNumbered(tx.gorm(ctx), part)
	if err != nil {
		return 0, err
	}
	var before activationRow // stays zero if there is none
	if err := tx.gorm(ctx).Order(lastAccepted).Limit(1).Find(&before).Error; err != nil {
		return 0, err
	}
	last, top := before.activation(), model.Activation{Epoch: before.Epoch}
	for _, a := range part {
		if _, known := n.epochs[a.Content()]; known {
			continue
		}
		if _, taken := n.rows[a.Epoch]; taken {
			a.Epoch = n.below()
		}
		if err := n.insert(ctx, tx, a); err != nil {
			return 0, err
		}
		added++
		if a.Epoch > top.Epoch {
			top = a
		}
	}
	// The node never heard of the last one accepted here, and knows greater
	// epochs: those are from before.
	if last.Epoch > 0 && top.Epoch > last.Epoch && last.RecordedAt.After(top.RecordedAt) && !isTheirs[last.Content()] {
		return added, n.move(ctx, tx, last, top.Epoch+1)
	}
	return added, nil
}

// numbered are stored activations, as far as a list of others has to do with
// them.
type numbered struct {
	rows   map[int64]model.Activation
	epochs map[model.Fingerprint]int64
	lowest int64
}

// readNumbered reads what has an epoch or the content of one of the list.
func readNumbered(g *gorm.DB, list []model.Activation) (*numbered, error) {
	n := &numbered{rows: map[int64]model.Activation{}, epochs: map[model.Fingerprint]int64{}}
	epochs, times := make([]int64, len(list)), make([]sqldb.Time, len(list))
	for i, a := range list {
		epochs[i], times[i] = a.Epoch, sqldb.At(a.From)
	}
	var byEpoch, byTime, lowest []activationRow
	if err := g.Where("epoch IN ?", epochs).Find(&byEpoch).Error; err != nil {
		return nil, err
	}
	if err := g.Where("active_from IN ?", times).Find(&byTime).Error; err != nil {
		return nil, err
	}
	if err := g.Order("epoch").Limit(1).Find(&lowest).Error; err != nil {
		return nil, err
	}
	for _, r := range slices.Concat(byEpoch, byTime, lowest) {
		n.add(r.activation())
	}
	return n, nil
}

func (n *numbered) add(a model.Activation) {
	n.rows[a.Epoch] = a
	n.epochs[a.Content()] = a.Epoch
	n.lowest = min(n.lowest, a.Epoch)
}

// below is an epoch below all others: 0 and less, for what is known of it is
// only that it is older.
func (n *numbered) below() int64 {
	for _, taken := n.rows[n.lowest]; taken; _, taken = n.rows[n.lowest] {
		n.lowest--
	}
	return n.lowest
}

func (n *numbered) insert(ctx context.Context, tx *writing, a model.Activation) error {
	if err := tx.addActivation(ctx, a); err != nil {
		return err
	}
	n.add(a)
	return nil
}

// move gives an activation that is stored another epoch.
func (n *numbered) move(ctx context.Context, tx *writing, a model.Activation, to int64) error {
	tx.touched.Activation(a)
	if err := tx.gorm(ctx).Exec("UPDATE activation SET epoch = ? WHERE epoch = ?", to, a.Epoch).Error; err != nil {
		return sqldb.Raced(err)
	}
	delete(n.rows, a.Epoch)
	a.Epoch = to
	n.add(a)
	return nil
}

// follow has an activation under the epoch that the sync node says.
func (n *numbered) follow(ctx context.Context, tx *writing, a model.Activation) error {
	content := a.Content()
	epoch, known := n.epochs[content]
	if known && epoch == a.Epoch {
		return nil
	}
	if other, taken := n.rows[a.Epoch]; taken {
		if err := n.move(ctx, tx, other, n.below()); err != nil {
			return err
		}
	}
	if known {
		return n.move(ctx, tx, n.rows[epoch], a.Epoch)
	}
	return n.insert(ctx, tx, a)
}
