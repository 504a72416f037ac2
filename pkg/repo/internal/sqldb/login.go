package sqldb

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"sync"

	driver "github.com/go-sql-driver/mysql"
)

// Reload opens connections to come with the login of a configuration that was
// read again. It says what changed, and never shows a secret. If the server
// refuses the new login, that is an error; the login of before is used too, until
// the server takes the new one. Only one goroutine may call Reload.
func (db *DB) Reload(cfg Config) (changed []string, err error) {
	if cfg.URL == db.url {
		return nil, nil
	}
	next, err := cfg.dialect()
	if err != nil {
		return nil, err
	}
	ctx, cancel := db.Deadline(context.Background())
	defer cancel()
	if same, err := db.Dialect.NextLogin(ctx, next); !same {
		return []string{"AURA_DATABASE_URL is another database; this needs a restart"}, nil
	} else if err != nil {
		err = fmt.Errorf("AURA_DATABASE_URL: the server refuses the new login, so the one of before is used too: %w", err)
		db.url = cfg.URL
		return nil, err
	}
	db.url = cfg.URL
	return []string{"AURA_DATABASE_URL has another login; new connections use it"}, nil
}

// login is a user of a server, and the password.
type login struct{ user, password string }

// logins are with what connections are opened: the newest login, and the one of
// before if the server refuses that. So it does not matter whether a password is
// changed first at the server or here.
type logins struct {
	mu             sync.Mutex
	newest, before login
}

func (l *logins) get() (newest, before login) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest, l.before
}

func (l *logins) next(newest login) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if newest != l.newest {
		l.newest, l.before = newest, l.newest
	}
}

// NextLogin implements Dialect.
func (d mysqlDialect) NextLogin(ctx context.Context, next Dialect) (same bool, refused error) {
	to, ok := next.(mysqlDialect)
	if !ok || d.address() != to.address() {
		return false, nil
	}
	newest, _ := to.logins.get()
	d.logins.next(newest)
	pool := sql.OpenDB(loginConnector{d.config, to.logins}) // only with the new login
	defer pool.Close()
	// Whether the server takes it is not known while it is away.
	if err := pool.PingContext(ctx); mysqlNumber(err, mysqlRefused) {
		return true, err
	}
	return true, nil
}

// address is all of the configuration except the login.
func (d mysqlDialect) address() string {
	config := d.config.Clone()
	config.User, config.Passwd = "", ""
	return config.FormatDSN()
}

// mysqlRefused are the errors of a server that refuses a login.
var mysqlRefused = []uint16{1044, 1045, 1698}

// loginConnector makes connections with the logins of the moment.
type loginConnector struct {
	config *driver.Config
	logins *logins
}

// Driver implements driver.Connector.
func (loginConnector) Driver() sqldriver.Driver { return driver.MySQLDriver{} }

// Connect implements driver.Connector.
func (c loginConnector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	newest, before := c.logins.get()
	conn, err := c.connect(ctx, newest)
	if before == (login{}) || !mysqlNumber(err, mysqlRefused) {
		return conn, err
	}
	conn, err2 := c.connect(ctx, before)
	if err2 != nil {
		return nil, errors.Join(err, err2)
	}
	return conn, nil
}

func (c loginConnector) connect(ctx context.Context, as login) (sqldriver.Conn, error) {
	config := c.config.Clone()
	config.User, config.Passwd = as.user, as.password
	connector, err := driver.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return connector.Connect(ctx)
}
