package repo

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
)

// timeLayout has a fixed width, so it sorts as time does; both databases store
// and give it back as it is.
const timeLayout = "2006-01-02 15:04:05.000000"

// dbTime is a time as the databases keep it: UTC, microseconds.
type dbTime struct{ time.Time }

// Value implements driver.Valuer.
func (t dbTime) Value() (driver.Value, error) { return t.UTC().Format(timeLayout), nil }

// Scan implements sql.Scanner.
func (t *dbTime) Scan(from any) (err error) {
	switch v := from.(type) {
	case string:
		t.Time, err = time.Parse(timeLayout, v)
	case []byte:
		t.Time, err = time.Parse(timeLayout, string(v))
	default:
		err = fmt.Errorf("a time came as %T", from)
	}
	return err
}

// dbMoment is dbTime for a time that stands elsewhere.
type dbMoment time.Time

// Scan implements sql.Scanner.
func (m *dbMoment) Scan(from any) error {
	var t dbTime
	err := t.Scan(from)
	*m = dbMoment(t.Time)
	return err
}

// dbLength is a duration as the databases keep it: milliseconds.
type dbLength time.Duration

// Scan implements sql.Scanner.
func (l *dbLength) Scan(from any) error {
	var milliseconds sql.Null[int64]
	err := milliseconds.Scan(from)
	*l = dbLength(time.Duration(milliseconds.V) * time.Millisecond)
	return err
}

// dbUID is a fingerprint as the databases keep it: 16 bytes.
type dbUID model.Fingerprint

// Value implements driver.Valuer.
func (u dbUID) Value() (driver.Value, error) { return u[:], nil }

// Scan implements sql.Scanner.
func (u *dbUID) Scan(from any) error {
	b, ok := from.([]byte)
	if !ok || len(b) != len(u) {
		return fmt.Errorf("a fingerprint came as %T of length %d", from, len(b))
	}
	copy(u[:], b)
	return nil
}

// dbContent is the hash of a record's content as table playlog keeps it: NULL
// where nobody has computed it since a merge changed the row.
type dbContent struct {
	id    model.Fingerprint
	known bool
}

// Value implements driver.Valuer.
func (c dbContent) Value() (driver.Value, error) {
	if !c.known {
		return nil, nil
	}
	return c.id[:], nil
}

// Scan implements sql.Scanner.
func (c *dbContent) Scan(from any) error {
	if from == nil {
		*c = dbContent{}
		return nil
	}
	c.known = true
	return (*dbUID)(&c.id).Scan(from)
}
