package repo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Errors about whose a database is.
var (
	// ErrForeign: the database belongs to another service or host.
	ErrForeign = errors.New("the database belongs to somebody else")
	// ErrServed: another process serves the database.
	ErrServed = sqldb.ErrLocked
)

// identityRow is the only row of table identity.
type identityRow struct {
	ID      int64 `gorm:"primaryKey"`
	Service string
	Host    int
	UID     sqldb.UID `gorm:"column:uid"`
	MadeAt  sqldb.Time
	Starts  int64
	Holder  string
}

// TableName implements gorm's schema.Tabler.
func (identityRow) TableName() string { return "identity" }

func (r *identityRow) owner() model.Owner { return model.Owner{Service: r.Service, Host: r.Host} }

// Belongs returns nil if the database belongs to the owner, or to nobody yet.
// Errors: ErrForeign, which says whose it is; model.ErrUnavailable.
func (d *DB) Belongs(ctx context.Context, o model.Owner) error {
	ctx, cancel := d.db.Deadline(ctx)
	defer cancel()
	g := d.db.Read.WithContext(ctx)
	found, err := ownerOf(g)
	if err == nil {
		err = foreign(g, found, o)
	}
	if err != nil && d.db.Dialect.IsIncomplete(err) {
		err = nil // it was never migrated, and what is not there belongs to nobody
	}
	return plainly(d.db.Fail(ctx, "look whose the database is", err))
}

// Database is the database's own random number. Errors: model.ErrNotFound if
// nobody claimed it yet, model.ErrUnavailable.
func (d *DB) Database(ctx context.Context) (model.Fingerprint, error) {
	ctx, cancel := d.db.Deadline(ctx)
	defer cancel()
	row, err := readIdentity(d.db.Read.WithContext(ctx))
	if err == nil && row.ID == 0 {
		err = model.ErrNotFound
	}
	return model.Fingerprint(row.UID), d.db.Fail(ctx, "look which database it is", err)
}

// Claim makes a database that belongs to nobody the owner's, and gives it its
// identity. Call it after Migrate. Errors: ErrForeign, model.ErrUnavailable.
func (d *DB) Claim(ctx context.Context, o model.Owner) error {
	_, err := d.identify(ctx, "claim the database", o, func(g *gorm.DB, row *identityRow) error { return foreign(g, row.owner(), o) })
	return err
}

// Adopt makes the database the owner's, whoever had it before. Error:
// model.ErrUnavailable.
func (d *DB) Adopt(ctx context.Context, o model.Owner) error {
	_, err := d.identify(ctx, "adopt the database", o, func(_ *gorm.DB, row *identityRow) error {
		row.Service, row.Host = o.Service, o.Host
		return nil
	})
	return err
}

// Begin is called by a service before it serves the database. If the service may
// not run twice, alone is true, and Begin takes a lock that only ends with Close
// or with the process. Errors: ErrForeign; ErrServed, which names the process;
// model.ErrUnavailable.
func (d *DB) Begin(ctx context.Context, o model.Owner, alone bool) (id model.Identity, err error) {
	if alone && d.lock == nil {
		if err := d.takeLock(ctx); err != nil {
			return id, err
		}
	}
	var start model.Fingerprint
	rand.Read(start[:])
	row, err := d.identify(ctx, "begin to serve the database", o, func(g *gorm.DB, row *identityRow) error {
		if err := foreign(g, row.owner(), o); err != nil {
			return err
		}
		row.Starts++
		row.Holder = thisProcess()
		return nil
	})
	return model.Identity{Owner: row.owner(), Database: model.Fingerprint(row.UID), Starts: row.Starts, Start: start}, err
}

// lockPatience is how long the lock of a process that has gone may still be
// there.
const lockPatience = 20 * time.Second

func (d *DB) takeLock(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	lock, err := d.db.Dialect.LockService(ctx)
	if errors.Is(err, ErrServed) {
		return fmt.Errorf("%w: %s", err, d.holder(ctx))
	}
	if err != nil {
		return d.db.Fail(ctx, "lock the database", err)
	}
	d.lock = lock
	return nil
}

// holder is the process that began last to serve the database.
func (d *DB) holder(ctx context.Context) string {
	if row, err := readIdentity(d.db.Read.WithContext(ctx)); err == nil && row.Holder != "" {
		return row.Holder
	}
	return "it is not known which"
}

// thisProcess names the process for a person.
func thisProcess() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("process %d on %s, since %s", os.Getpid(), host, time.Now().UTC().Format(time.RFC3339))
}

// Hold returns nil when ctx ends, or ErrServed if another process has taken the
// lock of Begin, because this process or its connection had stopped for long.
func (d *DB) Hold(ctx context.Context) error {
	if d.lock == nil {
		<-ctx.Done()
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-d.lock.Lost():
		return fmt.Errorf("%w: %s", ErrServed, d.holder(ctx))
	}
}

// identify changes the row of the identity, and makes it if there is none.
func (d *DB) identify(ctx context.Context, doing string, o model.Owner, change func(*gorm.DB, *identityRow) error) (row identityRow, err error) {
	ctx, cancel := d.db.Deadline(ctx)
	defer cancel()
	err = d.db.Transaction(ctx, func(tx *sqldb.Tx) error {
		g := tx.Gorm(ctx)
		if row, err = readIdentity(locking(g)); err != nil {
			return err
		}
		isNew := row.ID == 0
		if isNew {
			row = identityRow{ID: 1, MadeAt: sqldb.At(time.Now())}
			rand.Read(row.UID[:])
			if row.Service, err = inferService(g); err != nil {
				return err
			}
		}
		if row.Service == "" {
			row.Service = o.Service
		}
		if err := change(g, &row); err != nil {
			return err
		}
		if o.Host != 0 {
			row.Host = o.Host
		}
		if isNew {
			return sqldb.Raced(g.Create(&row).Error)
		}
		return g.Save(&row).Error
	})
	return row, d.db.Fail(ctx, doing, err)
}

// ownerOf is the owner that the database knows, or the one that follows from
// what it holds. It is zero if nothing is known.
func ownerOf(g *gorm.DB) (o model.Owner, err error) {
	row, err := readIdentity(g)
	if err != nil || row.ID != 0 {
		return row.owner(), err
	}
	o.Service, err = inferService(g)
	return o, err
}

// readIdentity is zero if the database has no identity yet.
func readIdentity(g *gorm.DB) (identityRow, error) { return firstRow[identityRow](g.Where("id = 1")) }

// inferService tells whose database it is from what only one service writes. It
// is for databases that older programs made, and "" if nobody has written yet.
func inferService(g *gorm.DB) (service string, err error) {
	for _, sign := range []struct{ table, service string }{
		{"onair_rule", model.SyncNode}, {"changed", model.SyncNode}, {"delivery", model.StatusMonitor}, {"playlog", model.EngineAPI},
	} {
		var some []int
		if err := g.Raw("SELECT 1 FROM " + sign.table + " LIMIT 1").Scan(&some).Error; err != nil {
			return "", err
		}
		if len(some) > 0 {
			return sign.service, nil
		}
	}
	return "", nil
}

// foreign returns an error if the database that belongs to found can't be o's. The
// number of its host may change until it has a record: a service that was just
// installed has the number of the example.
func foreign(g *gorm.DB, found, o model.Owner) error {
	if found.Service == "" || !found.IsOther(o) {
		return nil
	}
	if found.Service == o.Service {
		var some []int
		err := g.Raw("SELECT 1 FROM playlog UNION SELECT 1 FROM health LIMIT 1").Scan(&some).Error
		if err != nil || len(some) == 0 {
			return err
		}
	}
	return fmt.Errorf("%w: it is that of %s, and this is %s; use the right AURA_DATABASE_URL, or, if the number of this host was changed, %q",
		ErrForeign, found, o, o.Service+" migrate adopt")
}
