package sqldb

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestSQLite_Explain: an error about the file names the file, and not the
// driver's guess.
func TestSQLite_Explain(t *testing.T) {
	t.Parallel()
	d := sqliteDialect{path: filepath.Join(t.TempDir(), "missing", "a.db")}
	pool, err := d.pool(d.source(), 1)
	if err == nil {
		_, err = d.gorm(pool)
	}
	if err == nil || !strings.Contains(err.Error(), d.path) || strings.Contains(err.Error(), "memory") || !d.IsUnavailable(err) {
		t.Errorf("error %v", err)
	}
	if again := d.Explain(err); again.Error() != err.Error() {
		t.Errorf("explained twice: %v", again)
	}
}
