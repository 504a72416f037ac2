package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// InPlace returns ErrFileGone if the file of an embedded database was deleted or
// replaced while it was open.
func (d *DB) InPlace() error { return d.db.InPlace() }

// Backup copies an embedded database as it is now, and returns the copy, which is
// gone when it is closed. The copy says that it is of that instance. The database stays
// in use, and its own file need not be at its path any more. Errors:
// model.ErrOverloaded while another copy is made, and those of the disk.
func (d *DB) Backup(ctx context.Context, instance string) (*os.File, error) {
	if !d.copying.TryLock() {
		return nil, fmt.Errorf("%w: another backup is being made", model.ErrOverloaded)
	}
	defer d.copying.Unlock()
	return d.db.Backup(ctx, instance)
}

// CopyTo copies an embedded database as it is now to a path where there is no file.
// It takes as long as it takes.
func (d *DB) CopyTo(ctx context.Context, path string) error { return d.db.CopyTo(ctx, path) }

// Contents are what a copy of an embedded database holds.
type Contents struct {
	Owner    model.Owner
	Database model.Fingerprint
	// Instance is the name of the instance whose Backup made the copy; nil if the copy
	// was made otherwise.
	Instance *string
	// Rows are how many each table has.
	Rows map[string]int64
	// Newest is when the latest play began, up to now; zero if there is none.
	Newest time.Time
}

// ReadCopy reads a copy that nobody writes from its beginning to its end, and says
// what it holds. A file that is damaged, or no service's database, is an error. It
// takes as long as it takes.
func ReadCopy(ctx context.Context, path string) (c Contents, err error) {
	file, err := sqldb.OpenCopy(ctx, path)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if c.Rows, err = file.Rows(ctx); err != nil {
		return c, err
	}
	var uid sqldb.UID
	err = file.QueryRowContext(ctx, "SELECT service, host, uid FROM identity WHERE id = 1").Scan(&c.Owner.Service, &c.Owner.Host, &uid)
	if err != nil {
		return c, file.Fail("read whose database it is", err)
	}
	c.Database = model.Fingerprint(uid)
	if c.Instance, err = file.Label(ctx); err != nil {
		return c, err
	}
	var newest sql.Null[sqldb.Time]
	err = file.QueryRowContext(ctx, "SELECT MAX(played_at) FROM playlog WHERE played_at <= ?", sqldb.At(time.Now())).Scan(&newest)
	c.Newest = newest.V.Time
	return c, file.Fail("look for the newest play", err)
}
