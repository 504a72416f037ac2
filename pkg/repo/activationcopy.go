package repo

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// ActivationsAfter returns the activations with epochs greater than after,
// ordered by epoch, at most limit. After model.NoEpoch it returns them from the
// first on.
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

// UnknownActivations returns the activations of a list that are not stored,
// regardless of their epochs. Error: model.ErrUnavailable.
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
// has them, under the sync node's epochs. If another activation has that epoch
// here, that other one loses it. The other one is kept below all others until
// the sync node tells its epoch. It does not wait for a database that is away:
// the sync node is asked every second. Error: model.ErrUnavailable.
func (n *Node) RememberActivations(ctx context.Context, list []model.Activation) error {
	for part := range slices.Chunk(list, sqldb.MaxList) {
		err := n.commitNow(ctx, "remember activations", func(ctx context.Context, tx *writing) error {
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

// rememberedAtOnce is how many activations are given back in one transaction.
// For each of them, the log of its whole time may have to be derived again
// while other writes wait.
const rememberedAtOnce = 50

// RememberActivations gives the sync node back the activations that a node
// still knows. theirs is all that the node knows. Each activation gets the
// epoch that it had. If that epoch has been given to another activation since,
// the returned one gets an epoch below all others, because it is the older one.
// The activation that was accepted last stays the last: it gets an epoch above
// all that the node knows, so that the node believes it. RememberActivations
// returns how many activations were missing. Error: model.ErrUnavailable.
func (s *Station) RememberActivations(ctx context.Context, theirs []model.Activation) (restored int, err error) {
	unknown, err := s.UnknownActivations(ctx, theirs)
	if err != nil || len(unknown) == 0 {
		return 0, err
	}
	isTheirs := make(map[model.Fingerprint]bool, len(theirs))
	for _, a := range theirs {
		isTheirs[a.Content()] = true
	}
	// The latest first: the time of each then ends at the next one, and the
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
	var before activationRow // stays zero if there is no activation
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
	// The node does not know the last activation accepted here, but it knows
	// greater epochs: these are older.
	if last.Epoch > 0 && top.Epoch > last.Epoch && last.RecordedAt.After(top.RecordedAt) && !isTheirs[last.Content()] {
		return added, n.move(ctx, tx, last, top.Epoch+1)
	}
	return added, nil
}

// numbered are the stored activations that matter for a list of others.
type numbered struct {
	rows   map[int64]model.Activation
	epochs map[model.Fingerprint]int64
	lowest int64
}

// readNumbered reads the activations that share the epoch or the content with
// one of the list.
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

// below is an epoch below all others, 0 or less: all that is known of the
// activation is that it is older.
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

// move gives a stored activation another epoch.
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

// follow stores an activation under the epoch that the sync node gave it.
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
