package lifecycle

import (
	"context"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/logging"
)

// lookAtFile is how often it is looked whether the database's file is in its place.
const lookAtFile = 500 * time.Millisecond

// watchFile logs while the database's file is gone, although nobody writes. It
// returns nil when ctx ends.
func (s *Service) watchFile(ctx context.Context) error {
	if !hasFile(s.opts.Database) {
		return nil
	}
	gone := logging.NewLasting(s.Log("database"), "the database's file is gone; GET /backup still has what was stored")
	ticker := time.NewTicker(lookAtFile)
	defer ticker.Stop()
	for {
		gone.Report(s.opts.Database.InPlace())
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// hasFile reports whether the database is a file, and not on a server.
func hasFile(db Database) bool {
	if db == nil {
		return false
	}
	_, _, isFile := db.Size()
	return isFile
}

// backupOf copies the database of an instance; nil if it is no file.
func backupOf(db Database, of instance.Name) func(ctx context.Context) (*os.File, error) {
	if !hasFile(db) {
		return nil
	}
	return func(ctx context.Context) (*os.File, error) { return db.Backup(ctx, string(of)) }
}

// databaseFile shows how large the database's file is, and whether it is there.
type databaseFile struct{ db Database }

var (
	sizeOf = prometheus.NewDesc("aura_database_bytes",
		"Size of the SQLite database, by part: file, and log (the -wal file). A database server's size is not shown.",
		[]string{"part"}, nil)
	fileGone = prometheus.NewDesc("aura_database_file_gone",
		"1 while the SQLite file is not at its place: somebody deleted or replaced it while the service ran. Nothing is stored then.", nil, nil)
)

// Describe implements prometheus.Collector.
func (databaseFile) Describe(ch chan<- *prometheus.Desc) {
	ch <- sizeOf
	ch <- fileGone
}

// Collect implements prometheus.Collector.
func (f databaseFile) Collect(ch chan<- prometheus.Metric) {
	file, log, known := f.db.Size()
	if !known {
		return
	}
	ch <- prometheus.MustNewConstMetric(sizeOf, prometheus.GaugeValue, float64(file), "file")
	ch <- prometheus.MustNewConstMetric(sizeOf, prometheus.GaugeValue, float64(log), "log")
	var gone float64
	if f.db.InPlace() != nil {
		gone = 1
	}
	ch <- prometheus.MustNewConstMetric(fileGone, prometheus.GaugeValue, gone)
}
