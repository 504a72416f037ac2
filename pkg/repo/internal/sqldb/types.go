package sqldb

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
)

// TimeLayout has a fixed width, so its texts sort in the order of time. Both
// databases store and return such a text unchanged.
const TimeLayout = "2006-01-02 15:04:05.000000"

// Time is a time as the databases keep it: UTC, microseconds.
type Time struct{ time.Time }

// At is t for a database.
func At(t time.Time) Time { return Time{t} }

// endOfTime is later than anything that the databases keep.
var endOfTime = time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)

// UntilTime is the end of a window for a query.
func UntilTime(t time.Time) Time {
	if t.IsZero() {
		t = endOfTime
	}
	return At(t)
}

// RoundUp is the first whole microsecond that is not before t.
func RoundUp(t time.Time) time.Time {
	if whole := t.Truncate(time.Microsecond); whole.Before(t) {
		return whole.Add(time.Microsecond)
	}
	return t
}

// Value implements driver.Valuer.
func (t Time) Value() (driver.Value, error) { return t.UTC().Format(TimeLayout), nil }

// Scan implements sql.Scanner.
func (t *Time) Scan(from any) (err error) {
	switch v := from.(type) {
	case string:
		t.Time, err = time.Parse(TimeLayout, v)
	case []byte:
		t.Time, err = time.Parse(TimeLayout, string(v))
	default:
		err = fmt.Errorf("a time came as %T", from)
	}
	return err
}

// AtOrNull is t for a database, or NULL if t is zero.
func AtOrNull(t time.Time) driver.Valuer {
	if t.IsZero() {
		return null{}
	}
	return At(t)
}

type null struct{}

// Value implements driver.Valuer.
func (null) Value() (driver.Value, error) { return nil, nil }

// Moment is Time for a time.Time that is declared elsewhere. NULL is zero.
type Moment time.Time

// Scan implements sql.Scanner.
func (m *Moment) Scan(from any) error {
	if from == nil {
		*m = Moment{}
		return nil
	}
	var t Time
	err := t.Scan(from)
	*m = Moment(t.Time)
	return err
}

// Length is a duration as the databases keep it: milliseconds.
type Length time.Duration

// Scan implements sql.Scanner.
func (l *Length) Scan(from any) error {
	var milliseconds sql.Null[int64]
	err := milliseconds.Scan(from)
	*l = Length(time.Duration(milliseconds.V) * time.Millisecond)
	return err
}

// UID is a fingerprint as the databases keep it: 16 bytes.
type UID model.Fingerprint

// Value implements driver.Valuer.
func (u UID) Value() (driver.Value, error) { return u[:], nil }

// Scan implements sql.Scanner.
func (u *UID) Scan(from any) error {
	b, ok := from.([]byte)
	if !ok || len(b) != len(u) {
		return fmt.Errorf("a fingerprint came as %T of length %d", from, len(b))
	}
	copy(u[:], b)
	return nil
}
