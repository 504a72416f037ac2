package sqldb

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config says which database to use. Zero values mean the defaults.
type Config struct {
	URL          string        `env:"DATABASE_URL" secret:"true" doc:"Database: sqlite:///path/file.db or mysql://user:password@host:3306/database (MariaDB, MySQL). Parameters such as ?tls=true go to the MySQL driver. Empty: an SQLite file with the service's name in its state directory: systemd's STATE_DIRECTORY, otherwise /var/lib/aura."`
	AutoMigrate  *bool         `env:"DB_AUTO_MIGRATE" doc:"Update the schema at start. Empty: yes for SQLite, no for a database server."`
	QueryTimeout time.Duration `env:"DB_QUERY_TIMEOUT" envDefault:"5s" doc:"How long one operation on the database may take."`
	PoolSize     int           `env:"DB_POOL_SIZE" envDefault:"8" doc:"How many connections read from the database for engines, nodes, monitors and people with a token. 4 further connections write to a database server. As many as the host has processors, less one, read what visitors ask for."`
}

// Bounds of the configuration.
const (
	defaultQueryTimeout = 5 * time.Second
	minQueryTimeout     = 100 * time.Millisecond
	maxQueryTimeout     = 5 * time.Minute
	defaultPoolSize     = 8
	maxPoolSize         = 256
)

// Validate reports all mistakes at once. It never repeats the URL, which may
// hold a password.
func (c Config) Validate() error {
	_, err := c.dialect()
	mistakes := []error{err}
	if t := c.queryTimeout(); t < minQueryTimeout || t > maxQueryTimeout {
		mistakes = append(mistakes, fmt.Errorf("AURA_DB_QUERY_TIMEOUT=%s: must be from %s to %s", t, minQueryTimeout, maxQueryTimeout))
	}
	if n := c.poolSize(); n < 1 || n > maxPoolSize {
		mistakes = append(mistakes, fmt.Errorf("AURA_DB_POOL_SIZE=%d: must be from 1 to %d", n, maxPoolSize))
	}
	return errors.Join(mistakes...)
}

// MigrateAtStart reports whether the schema is to be brought up to date at
// start, as AutoMigrate says. If AutoMigrate is empty, that is so only for
// SQLite, because a server's schema belongs to its administrator.
func (c Config) MigrateAtStart() bool {
	if c.AutoMigrate != nil {
		return *c.AutoMigrate
	}
	return strings.HasPrefix(c.URL, sqliteScheme+":")
}

// File is the database's file, "" if the database is on a server.
func (c Config) File() string {
	d, err := c.dialect()
	if embedded, ok := d.(sqliteDialect); ok && err == nil {
		return embedded.path
	}
	return ""
}

func (c Config) queryTimeout() time.Duration { return cmp.Or(c.QueryTimeout, defaultQueryTimeout) }

func (c Config) poolSize() int { return cmp.Or(c.PoolSize, defaultPoolSize) }

func (c Config) dialect() (Dialect, error) {
	scheme, _, _ := strings.Cut(c.URL, ":")
	switch scheme {
	case sqliteScheme:
		return newSQLite(c)
	case mysqlScheme:
		return newMySQL(c)
	}
	return nil, errors.New("AURA_DATABASE_URL: must start with sqlite:// or mysql://, or sqlite: for a relative path")
}
