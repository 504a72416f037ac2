package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"testing"
)

// fakeServer is a connector, its connection, and the connection's answers to
// SHOW.
type fakeServer struct {
	driver.Conn
	rows     [][]driver.Value
	err      error
	executed []string
	closed   bool
}

func (s *fakeServer) Connect(context.Context) (driver.Conn, error) { return s, nil }
func (s *fakeServer) Driver() driver.Driver                        { return nil }
func (s *fakeServer) Columns() []string                            { return []string{"Variable_name", "Value"} }

func (s *fakeServer) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	s.executed = append(s.executed, query)
	return &fakeRows{s}, nil
}

func (s *fakeServer) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	s.executed = append(s.executed, query)
	return driver.ResultNoRows, nil
}

func (s *fakeServer) Close() error { s.closed = true; return nil }

type fakeRows struct{ *fakeServer }

func (r *fakeRows) Close() error { return nil }

func (r *fakeRows) Next(to []driver.Value) error {
	if r.err != nil {
		return r.err
	}
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(to, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}

// TestCurrentConnector: in a cluster, and only there, every new connection
// waits for the commits of other nodes before it reads.
func TestCurrentConnector(t *testing.T) {
	t.Parallel()
	const ask, wait = "SHOW VARIABLES LIKE 'wsrep_on'", "SET SESSION wsrep_sync_wait = 1"
	variable := func(value string) [][]driver.Value {
		return [][]driver.Value{{[]byte("wsrep_on"), []byte(value)}}
	}
	broken := errors.New("broken")
	for _, test := range []struct {
		name   string
		server fakeServer
		want   []string
		err    error
	}{
		{"Cluster", fakeServer{rows: variable("ON")}, []string{ask, wait}, nil},
		{"Alone", fakeServer{rows: variable("OFF")}, []string{ask}, nil},
		{"KnowsNoClusters", fakeServer{}, []string{ask}, nil},
		{"Broken", fakeServer{err: broken}, []string{ask}, broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := test.server
			conn, err := currentConnector{&server}.Connect(t.Context())
			if !errors.Is(err, test.err) || (conn == nil) != (err != nil) || server.closed != (err != nil) {
				t.Errorf("%v, %v, closed %t", conn, err, server.closed)
			}
			if !slices.Equal(server.executed, test.want) {
				t.Errorf("executed %q, want %q", server.executed, test.want)
			}
		})
	}
}
