package repo

import (
	"context"
	"fmt"
	"os"

	"aura.radio/engine/pkg/model"
)

// InPlace returns ErrFileGone if the file of an embedded database was deleted or
// replaced while it was open.
func (d *DB) InPlace() error { return d.db.InPlace() }

// Backup copies an embedded database as it is now, and returns the copy, which is
// gone when it is closed. The database stays in use, and its own file need not be at
// its path any more. Errors: model.ErrOverloaded while another copy is made, and
// those of the disk.
func (d *DB) Backup(ctx context.Context) (*os.File, error) {
	if !d.copying.TryLock() {
		return nil, fmt.Errorf("%w: another backup is being made", model.ErrOverloaded)
	}
	defer d.copying.Unlock()
	return d.db.Backup(ctx)
}
