package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
)

func TestDB_Retry(t *testing.T) {
	t.Parallel()
	deadlock := fmt.Errorf("commit: %w", &mysql.MySQLError{Number: 1213})
	broken := &mysql.MySQLError{Number: 1064}
	for _, test := range []struct {
		name    string
		results []error // results of the attempts; the last one is repeated
		patient time.Duration
		want    error
		calls   int
	}{
		{"OK", []error{nil}, time.Minute, nil, 1},
		{"Deadlock", []error{deadlock, deadlock, nil}, time.Minute, nil, 3},
		{"DeadlockForEver", []error{deadlock}, time.Minute, deadlock, maxAttempts},
		{"Other", []error{broken}, time.Minute, broken, 1},
		{"NoTime", []error{deadlock}, 0, deadlock, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.patient)
				defer cancel()
				db, calls := &DB{Dialect: mysqlDialect{}}, 0
				err := db.Retry(ctx, func() error {
					calls++
					return test.results[min(calls, len(test.results))-1]
				})
				if !errors.Is(err, test.want) || calls != test.calls {
					t.Errorf("%v after %d calls, want %v after %d", err, calls, test.want, test.calls)
				}
			})
		})
	}
}

// TestDB_Outlast: what comes back by itself is waited for, for as long as one
// operation may take.
func TestDB_Outlast(t *testing.T) {
	t.Parallel()
	const timeout = 5 * time.Second
	unavailable := func(err error) error { return fmt.Errorf("store: %w: %w", model.ErrUnavailable, err) }
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	past := net.Dialer{Deadline: time.Unix(1, 0)}
	_, silent := past.DialContext(t.Context(), "tcp", "127.0.0.1:1") // it also says that it is a context.DeadlineExceeded
	for name, test := range map[string]struct {
		err   error
		away  time.Duration // how long err lasts
		takes time.Duration // at most; 0: it is not repeated
		fails bool
	}{
		"Refused":     {refused, time.Second, time.Second + MaxPause*3/2, false},
		"DialTimeout": {silent, time.Second, time.Second + MaxPause*3/2, false},
		"Broken":      {driver.ErrBadConn, time.Second, time.Second + MaxPause*3/2, false},
		"Killed":      {mysql.ErrInvalidConn, time.Second, time.Second + MaxPause*3/2, false},
		"ReadOnly":    {&mysql.MySQLError{Number: 1290}, time.Second, time.Second + MaxPause*3/2, false},
		"Full":        {&mysql.MySQLError{Number: 1040}, time.Second, time.Second + MaxPause*3/2, false},
		"NoTable":     {&mysql.MySQLError{Number: 1146}, time.Second, time.Second + MaxPause*3/2, false},
		"TooLong":     {refused, time.Minute, timeout, true},
		"DiskFull":    {&mysql.MySQLError{Number: 1114}, time.Second, 0, true},
		"WrongLogin":  {&mysql.MySQLError{Number: 1045}, time.Second, 0, true},
		"Deadlock":    {&mysql.MySQLError{Number: 1213}, time.Second, 0, true}, // it was repeated already
		"TooSlow":     {ErrTooSlow, time.Second, 0, true},
		"CallerLeft":  {context.DeadlineExceeded, time.Second, 0, true},
		"OtherReason": {errors.New("other"), time.Second, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db, began := &DB{Dialect: mysqlDialect{}, Timeout: timeout}, time.Now()
				err := db.Outlast(t.Context(), func() error {
					if time.Since(began) < test.away {
						return unavailable(test.err)
					}
					return nil
				})
				if took := time.Since(began); took > test.takes || errors.Is(err, test.err) != test.fails {
					t.Errorf("%v after %s", err, took)
				}
			})
		})
	}
	t.Run("Hurry", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			db, began := &DB{Dialect: mysqlDialect{}, Timeout: timeout, hurry: make(chan struct{})}, time.Now()
			time.AfterFunc(time.Second, db.Hurry)
			if err := db.Outlast(t.Context(), func() error { return refused }); !errors.Is(err, refused) || time.Since(began) > time.Second {
				t.Errorf("%v after %s", err, time.Since(began))
			}
		})
	})
}

// TestDB_Autocommit: the result that SQLite's driver reports for a statement
// that was interrupted before it began is not reliable.
func TestDB_Autocommit(t *testing.T) {
	t.Parallel()
	g, err := gorm.Open(nil, &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	db := &DB{Dialect: sqliteDialect{}, Write: g}
	ctx, cancel := context.WithCancel(t.Context())
	done := func(*gorm.DB) error { return nil }
	if err := db.Autocommit(ctx, done); err != nil {
		t.Error(err)
	}
	interrupted := func(*gorm.DB) error { cancel(); return nil }
	if err := db.Autocommit(ctx, interrupted); !errors.Is(err, context.Canceled) {
		t.Errorf("taken for done: %v", err)
	}
}

func TestDB_Fail(t *testing.T) {
	t.Parallel()
	db := &DB{Dialect: mysqlDialect{}, Timeout: time.Second}
	other := errors.New("other")
	for _, test := range []struct {
		err, want error
	}{
		{nil, nil},
		{gorm.ErrRecordNotFound, model.ErrNotFound},
		{driver.ErrBadConn, model.ErrUnavailable},
		{mysql.ErrInvalidConn, model.ErrUnavailable},
		{&net.OpError{Op: "dial", Err: io.EOF}, model.ErrUnavailable},
		{io.ErrUnexpectedEOF, model.ErrUnavailable},
		{&mysql.MySQLError{Number: 1040}, model.ErrUnavailable}, // too many connections
		{&mysql.MySQLError{Number: 1290}, model.ErrUnavailable}, // read only
		{&mysql.MySQLError{Number: 1114}, model.ErrUnavailable}, // full
		{&mysql.MySQLError{Number: 1213}, model.ErrUnavailable}, // still a deadlock
		{fmt.Errorf("%w: stopping", model.ErrUnavailable), model.ErrUnavailable},
		{other, other},
	} {
		err := db.Fail(t.Context(), "test", test.err)
		if !errors.Is(err, test.want) {
			t.Errorf("%v became %v, want %v", test.err, err, test.want)
		}
		if errors.Is(test.want, other) && errors.Is(err, model.ErrUnavailable) {
			t.Errorf("%v became %v", test.err, err)
		}
	}
	t.Run("TooSlow", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := db.Deadline(t.Context())
			defer cancel()
			<-ctx.Done()
			if err := db.Fail(ctx, "test", ctx.Err()); !errors.Is(err, model.ErrUnavailable) {
				t.Errorf("error %v, want %v", err, model.ErrUnavailable)
			}
		})
	})
	t.Run("CallerLeaves", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			caller, leave := context.WithCancel(t.Context())
			ctx, cancel := db.Deadline(caller)
			defer cancel()
			leave()
			if err := db.Fail(ctx, "test", other); !errors.Is(err, context.Canceled) || errors.Is(err, model.ErrUnavailable) {
				t.Errorf("error %v, want %v", err, context.Canceled)
			}
		})
	})
}
