package model

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"sync"
	"time"
)

// Fingerprint is a 128-bit hash of a record's identity, equal in every
// database that holds the record.
type Fingerprint [16]byte

// String is the fingerprint in hexadecimal.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// ParseFingerprint reads what String writes.
func ParseFingerprint(s string) (Fingerprint, error) {
	var f Fingerprint
	if b, err := hex.DecodeString(s); err != nil || copy(f[:], b) != len(f) || len(b) != len(f) {
		return Fingerprint{}, errors.New("must be 32 hexadecimal digits")
	}
	return f, nil
}

// Xor adds another fingerprint to a sum, or takes it away.
func (f Fingerprint) Xor(other Fingerprint) Fingerprint {
	for i := range f {
		f[i] ^= other[i]
	}
	return f
}

// digest builds a fingerprint from a canonical encoding. Each part is written
// with its length, so two different lists of parts never give the same bytes.
type digest struct {
	buf []byte
}

// digests are those that nobody uses. Each play needs several.
var digests = sync.Pool{New: func() any { return &digest{buf: make([]byte, 0, 512)} }}

func newDigest(kind string) *digest {
	d := digests.Get().(*digest)
	d.buf = d.buf[:0]
	d.text(kind)
	return d
}

func (d *digest) text(s string) {
	d.buf = binary.AppendUvarint(d.buf, uint64(len(s)))
	d.buf = append(d.buf, s...)
}

func (d *digest) number(n int64) { d.buf = binary.AppendVarint(d.buf, n) }

func (d *digest) flag(b bool) {
	if b {
		d.number(1)
		return
	}
	d.number(0)
}

func (d *digest) time(t time.Time) { d.number(t.UnixMicro()) }

// fields writes the values of an entry.
func (d *digest) fields(fields []*Field, e *Entry) {
	for _, f := range fields {
		if f.IsSupplement {
			if !f.isKnown(e) {
				continue
			}
			d.text(f.Name())
		}
		switch v := f.Of(e).(type) {
		case *string:
			d.text(*v)
		case *int:
			d.number(int64(*v))
		case *int64:
			d.number(*v)
		case *time.Time:
			d.time(*v)
		case *time.Duration:
			d.number(v.Milliseconds())
		case *bool:
			d.flag(*v)
		case *Tellings:
			d.text(string(*v))
		case *Doubts:
			d.text(string(*v))
		}
	}
}

// changes writes the new values of a correction.
func (d *digest) changes(fields []*Field, c *Changes) {
	for _, f := range fields {
		changed := f.IsChanged(c)
		if !f.IsSupplement {
			d.flag(changed)
		} else if changed {
			d.text(f.Name())
		}
		if changed {
			d.change(f.Change(c))
		}
	}
}

func (d *digest) change(to any) {
	switch v := to.(type) {
	case **string:
		d.text(**v)
	case **int:
		d.number(int64(**v))
	case **int64:
		d.number(**v)
	case **time.Time:
		d.time(**v)
	case **time.Duration:
		d.number(int64(**v))
	}
}

func (d *digest) fingerprint(f Fingerprint) {
	d.buf = binary.AppendUvarint(d.buf, uint64(len(f)))
	d.buf = append(d.buf, f[:]...)
}

// sum is the hash. The digest must not be used afterwards.
func (d *digest) sum() Fingerprint {
	h := sha256.Sum256(d.buf)
	digests.Put(d)
	return Fingerprint(h[:16])
}
