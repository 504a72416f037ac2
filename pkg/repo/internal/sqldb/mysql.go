package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"

	"aura.radio/engine/migrations"
)

const (
	mysqlScheme = "mysql"
	mysqlPort   = "3306"
	// dialTimeout is short, because a running server answers at once and an
	// engine waits for the answer.
	dialTimeout = 2 * time.Second
	// connMaxLifetime lets connections follow a proxy or a cluster that has
	// moved.
	connMaxLifetime = 5 * time.Minute
	// maxWriters is how many connections write. A service writes one group of
	// entries after another, so a few connections are enough, also for a lease
	// and an activation.
	maxWriters = 4
)

type mysqlDialect struct {
	config  *driver.Config
	logins  *logins
	poolMax int
}

func newMySQL(c Config) (Dialect, error) {
	const form = "AURA_DATABASE_URL: must have the form mysql://user:password@host:3306/database"
	u, err := url.Parse(c.URL)
	if err != nil { // err repeats the URL, and so also the password
		return nil, errors.New(form + "; write special characters of the password as %XX")
	}
	name := strings.TrimPrefix(u.Path, "/")
	if u.Hostname() == "" || u.User.Username() == "" || name == "" || strings.Contains(name, "/") {
		return nil, errors.New(form)
	}
	if u.Query().Has("strict") { // the driver panics
		return nil, errors.New("AURA_DATABASE_URL: has the parameter strict, which the MySQL driver no longer knows")
	}
	// Only the parameters go through the driver's own syntax, because it has no
	// escapes for user and password.
	config, err := driver.ParseDSN("/?" + u.RawQuery)
	if err != nil {
		return nil, errors.New("AURA_DATABASE_URL: the MySQL driver does not understand the parameters after ?")
	}
	port := u.Port()
	if port == "" {
		port = mysqlPort
	}
	config.Net, config.Addr = "tcp", net.JoinHostPort(u.Hostname(), port)
	config.DBName = name
	password, _ := u.User.Password()
	timeout := c.queryTimeout()
	if config.Timeout == 0 {
		config.Timeout = min(dialTimeout, timeout)
	}
	// Statements are bounded by their context. These timeouts are for calls
	// without a context, such as COMMIT on a connection whose other end is
	// gone.
	config.ReadTimeout, config.WriteTimeout = timeout, timeout
	config.ParseTime, config.Loc = false, time.UTC
	config.MultiStatements = false
	// A group of any size then takes one round trip.
	config.InterpolateParams = true
	// A row that is found and not changed does not count as changed.
	config.ClientFoundRows = false
	config.Logger = &driver.NopLogger{} // errors are returned
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	config.Params["time_zone"] = "'+00:00'"
	// Regardless of the server's default: refuse a value that does not fit,
	// never change it.
	config.Params["sql_mode"] = "'TRADITIONAL'"
	if err := config.Apply(driver.Charset("utf8mb4", "")); err != nil {
		return nil, err
	}
	return mysqlDialect{config: config, logins: &logins{newest: login{u.User.Username(), password}}, poolMax: c.poolSize()}, nil
}

// Existing: a server never creates a database by itself.
func (d mysqlDialect) Existing() Dialect { return d }

func (d mysqlDialect) Open() (write, read *gorm.DB, err error) {
	read, err = d.openPool(d.poolMax)
	if err != nil {
		return nil, nil, err
	}
	write, err = d.openPool(maxWriters)
	if err != nil {
		return nil, nil, errors.Join(err, closePool(read))
	}
	return write, read, nil
}

// OpenReaders implements Dialect.
func (d mysqlDialect) OpenReaders(connections int) (*sql.DB, error) {
	return d.openWith(d.config, connections), nil
}

func (d mysqlDialect) openPool(connections int) (*gorm.DB, error) {
	pool := d.openWith(d.config, connections)
	return newGorm(pool, mysql.New(mysql.Config{Conn: pool, SkipInitializeWithVersion: true}))
}

// openWith opens connections of a configuration like the dialect's.
func (d mysqlDialect) openWith(config *driver.Config, connections int) *sql.DB {
	pool := sql.OpenDB(currentConnector{loginConnector{config, d.logins}})
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxLifetime(connMaxLifetime)
	return pool
}

// Checkpoint: the server does so by itself.
func (mysqlDialect) Checkpoint(context.Context, *sql.DB) error { return nil }

// Size: the files are the server's.
func (mysqlDialect) Size() (file, log int64, known bool) { return 0, 0, false }

// Path: a server's files are its own business.
func (mysqlDialect) Path() string { return "" }

// InsertMissing: unlike INSERT IGNORE it refuses values that do not fit.
func (mysqlDialect) InsertMissing(column string) string {
	return " ON DUPLICATE KEY UPDATE " + column + " = " + column
}

func (mysqlDialect) InsertOver(_ string, columns ...string) string {
	return " ON DUPLICATE KEY UPDATE " + assign(columns, "VALUES(%s)")
}

func (mysqlDialect) Kind() Kind { return MySQL }

func (mysqlDialect) LocksRows() bool { return true }

func (mysqlDialect) UseIndex(name string) string { return "FORCE INDEX (" + name + ")" }

func (mysqlDialect) JoinNext() string { return "STRAIGHT_JOIN " }

func (mysqlDialect) StatementContext(ctx context.Context) context.Context { return ctx }

func (mysqlDialect) RowsPerStatement() int { return 256 }

// RowsPerInsert is so large that the round trip does not matter. It is so small
// that a batch repeats the same statement several times.
func (mysqlDialect) RowsPerInsert() int { return 100 }

// Prepares: parsing the SQL takes the server a quarter of the time of an
// INSERT.
func (mysqlDialect) Prepares() bool { return true }

func (mysqlDialect) Now() string { return "UTC_TIMESTAMP(6)" }

func (mysqlDialect) Later() string { return "UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND" }

func (d mysqlDialect) OpenForMigrations() (*sql.DB, error) {
	config := d.config.Clone()
	config.ReadTimeout, config.WriteTimeout = 0, 0 // altering a table may take long
	config.ParseTime = true                        // goose's own table has times
	const connections = 2                          // one holds the lock
	return d.openWith(config, connections), nil
}

func (mysqlDialect) Migrations() (goose.Dialect, fs.FS) {
	return goose.DialectMySQL, subFolder(migrations.MySQL, "mysql")
}

// LockSchema takes a lock that ends with its connection, so that no crash
// leaves it behind. In a Galera cluster the lock holds for one node only:
// migrate through one node.
func (d mysqlDialect) LockSchema(ctx context.Context, db *sql.DB) (func() error, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var got sql.NullInt64
	// The context ends the wait; a day is effectively no limit.
	err = conn.QueryRowContext(ctx, "SELECT GET_LOCK(CONCAT('aura:', MD5(DATABASE())), 86400)").Scan(&got)
	if err == nil && got.Int64 != 1 {
		err = errors.New("the server refused the lock")
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK(CONCAT('aura:', MD5(DATABASE())))")
		return errors.Join(err, conn.Close())
	}, nil
}

// Error numbers of the server.
var (
	mysqlConflicts = []uint16{
		1020, // read for a change after another transaction changed it (MariaDB 11.6.2 and later)
		1205, // lock wait timeout
		1213, // deadlock; in a cluster also: another node committed first
		1412, // a table was altered since the transaction began
		159,  // the same, of an index that the transaction is too old for
	}
	mysqlUnavailable = []uint16{
		1021, 1026, 1030, 1114, 1180, // disk full, errors of files and of the storage engine
		1037, 1038, 1041, // out of memory
		1044, 1045, 1049, 1129, 1130, // the server refuses the login, or has no such database yet
		1142, // the user may not do that with the table: an administrator has to grant it
		1969, // statement ended by a limit
	}
	mysqlAway = []uint16{
		1040, 1203, 1226, // too many connections
		1047,                         // this cluster node has lost the others
		1053, 1077, 1079, 1927, 1152, // going down, connection killed
		1158, 1159, 1160, 1161, // network
		1290, 1792, 1836, // read only
		1317, // statement ended by an administrator, or because the server goes down
	}
	mysqlIncomplete = []uint16{1054, 1146}
	mysqlDuplicate  = []uint16{1062}
	mysqlThere      = []uint16{1050, 1060, 1061, 1091} // table, column, key exist; nothing to drop
)

func mysqlNumber(err error, among []uint16) bool {
	var e *driver.MySQLError
	return errors.As(err, &e) && slices.Contains(among, e.Number)
}

// Explain: the driver's errors name the server, and the server's errors say what
// they are about.
func (mysqlDialect) Explain(err error) error { return err }

func (mysqlDialect) IsConflict(err error) bool { return mysqlNumber(err, mysqlConflicts) }

func (mysqlDialect) IsDuplicate(err error) bool { return mysqlNumber(err, mysqlDuplicate) }

func (mysqlDialect) IsUnavailable(err error) bool { return mysqlNumber(err, mysqlUnavailable) }

func (mysqlDialect) IsAway(err error) bool {
	return mysqlNumber(err, mysqlAway) || errors.Is(err, driver.ErrInvalidConn)
}

func (mysqlDialect) IsIncomplete(err error) bool { return mysqlNumber(err, mysqlIncomplete) }

func (mysqlDialect) IsThere(err error) bool { return mysqlNumber(err, mysqlThere) }
