package repo

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// maxContenders bounds how often AcquireLease starts again because another
// caller was faster.
const maxContenders = 32

// AcquireLease gives the lease of that name to holder for ttl if it is free, or
// renews it if holder has it. It returns the resulting lease: the lease was
// granted if it has this holder. A new holder gets a new epoch, so an epoch
// never has two holders. All times are by the clock of the database. If
// Remaining is counted from the beginning of the call, it is not longer than
// what remains when the call returns. Error: model.ErrUnavailable.
func (w *writer) AcquireLease(ctx context.Context, name, holder string, ttl time.Duration) (model.Lease, error) {
	ctx, cancel := w.db.Deadline(ctx)
	defer cancel()
	for range maxContenders {
		last, err := readLease(w.db.Write.WithContext(ctx), w.db.Dialect, name)
		if err != nil {
			return model.Lease{}, w.db.Fail(ctx, "acquire lease", err)
		}
		if lease := last.lease(name); last.isTaken() && (lease.Holder != holder || lease.Remaining >= ttl) {
			return lease, nil
		}
		granted := false
		err = writeAside(ctx, w.db, func(ctx context.Context, tx *writing) (err error) {
			if last.isTaken() {
				granted, err = tx.renewLease(ctx, name, last, ttl)
			} else {
				granted, err = tx.takeLease(ctx, name, holder, last, ttl)
			}
			return err
		})
		if err != nil {
			return model.Lease{}, w.db.Fail(ctx, "acquire lease", err)
		}
		if granted {
			lease, err := readLease(w.db.Write.WithContext(ctx), w.db.Dialect, name)
			return lease.lease(name), w.db.Fail(ctx, "acquire lease", err)
		}
	}
	return model.Lease{}, fmt.Errorf("acquire lease: %w: too many callers want it at once", model.ErrUnavailable)
}

// takeLease inserts the epoch after the last one. The epoch is unique: of
// several callers that saw the last epoch expire, only one gets the next. The
// databases read the clock when a statement begins, so a renewal that has been
// waiting may be executed after this statement. For that reason the last reign
// is marked as over. In a cluster, the renewal and takeLease also conflict on
// that row.
func (tx *writing) takeLease(ctx context.Context, name, holder string, last leaseRow, ttl time.Duration) (taken bool, err error) {
	if last.Epoch > 0 && !last.IsOver {
		over, err := tx.Exec(ctx, "UPDATE lease SET is_over = 1 WHERE name = ? AND epoch = ? AND is_over = 0 AND expires_at <= "+tx.Dialect.Now(), name, last.Epoch)
		if err != nil || over == 0 {
			return false, err
		}
	}
	inserted, err := tx.Exec(ctx, "INSERT INTO lease (name, epoch, holder, expires_at) VALUES (?, ?, ?, "+tx.Dialect.Later()+")"+tx.Dialect.InsertMissing("epoch"),
		name, last.Epoch+1, holder, ttl.Microseconds())
	return inserted > 0, err
}

// renewLease prolongs a lease that has not ended, and never shortens it: a
// caller who was told that it lasts longer relies on that.
func (tx *writing) renewLease(ctx context.Context, name string, last leaseRow, ttl time.Duration) (renewed bool, err error) {
	later := tx.Dialect.Later()
	changed, err := tx.Exec(ctx, "UPDATE lease SET expires_at = CASE WHEN "+later+" > expires_at THEN "+later+" ELSE expires_at END"+
		" WHERE name = ? AND epoch = ? AND holder = ? AND is_over = 0 AND expires_at > "+tx.Dialect.Now(),
		ttl.Microseconds(), ttl.Microseconds(), name, last.Epoch, last.Holder)
	return changed > 0, err
}

// ReleaseLease ends the lease of that name if holder has it. Error:
// model.ErrUnavailable.
func (w *writer) ReleaseLease(ctx context.Context, name, holder string) error {
	return w.aside(ctx, "release lease", func(ctx context.Context, tx *writing) error {
		last, err := readLease(tx.gorm(ctx), tx.Dialect, name)
		if err == nil && last.isTaken() && last.Holder == holder {
			_, err = tx.Exec(ctx, "UPDATE lease SET is_over = 1, expires_at = "+tx.Dialect.Now()+
				" WHERE name = ? AND epoch = ? AND is_over = 0", name, last.Epoch)
		}
		return err
	})
}

// Lease returns the lease of that name with its current or last holder. Error:
// model.ErrUnavailable.
func (r reader) Lease(ctx context.Context, name string) (model.Lease, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	last, err := readLease(r.db.Write.WithContext(ctx), r.db.Dialect, name)
	return last.lease(name), r.db.Fail(ctx, "read lease", err)
}

// deposed reports whether another holder has had the lease since. If the
// database does not know the reign of l, it is a new database: any other holder
// in it had the lease later. A holder who gets the lease at this very moment
// comes after.
func deposed(g *gorm.DB, l model.Lease) (bool, error) {
	var later []int64
	err := g.Raw("SELECT epoch FROM lease WHERE name = ? AND holder <> ? AND epoch > "+
		"COALESCE((SELECT epoch FROM lease WHERE name = ? AND epoch = ? AND holder = ?), 0) LIMIT 1",
		l.Name, l.Holder, l.Name, l.Epoch, l.Holder).Scan(&later).Error
	return len(later) > 0, err
}

// leaseRow is the last reign of a lease as table lease keeps it, and when it
// was read. It is zero if nobody ever had the lease.
type leaseRow struct {
	Epoch     int64
	Holder    string
	ExpiresAt sqldb.Time
	IsOver    bool
	ReadAt    sqldb.Time
}

func (r *leaseRow) isTaken() bool { return !r.IsOver && r.ExpiresAt.After(r.ReadAt.Time) }

func (r *leaseRow) lease(name string) model.Lease {
	lease := model.Lease{Name: name, Holder: r.Holder, Epoch: r.Epoch, Expires: r.ExpiresAt.Time}
	if r.isTaken() {
		lease.Remaining = r.ExpiresAt.Sub(r.ReadAt.Time)
	}
	return lease
}

// readLease reads the last reign and the clock in one statement. g is a handle
// for writes.
func readLease(g *gorm.DB, d sqldb.Dialect, name string) (leaseRow, error) {
	var rows []leaseRow
	err := g.Raw("SELECT epoch, holder, expires_at, is_over, "+d.Now()+" AS read_at"+
		" FROM lease WHERE name = ? ORDER BY epoch DESC LIMIT 1", name).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return leaseRow{}, err
	}
	return rows[0], nil
}
