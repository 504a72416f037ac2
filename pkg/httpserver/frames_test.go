package httpserver

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// frame is a frame of stream 1.
func frame(kind, flags byte, payload string) string {
	return string([]byte{0, byte(len(payload) >> 8), byte(len(payload)), kind, flags, 0, 0, 0, 1}) + payload
}

// TestFrames: only bodies may take their time, however the bytes are cut into
// reads.
func TestFrames(t *testing.T) {
	t.Parallel()
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	var (
		body      = frame(0, 0, strings.Repeat("x", 300))
		headers   = frame(1, 4, "abc")
		begun     = frame(1, 0, "abc")
		continued = frame(9, 0, "")
		ended     = frame(9, 4, "def")
		update    = frame(8, 0, "1234")
	)
	for name, c := range map[string]struct {
		sent string
		due  bool
	}{
		"Nothing":       {"", true},
		"Preface":       {preface, true},
		"NoHeader":      {preface + update, true},
		"Header":        {preface + headers, false},
		"Empty":         {preface + frame(1, 4, ""), false},
		"Begun":         {preface + begun, true},
		"Continued":     {preface + begun + continued, true},
		"Ended":         {preface + begun + continued + ended, false},
		"SecondBegun":   {preface + headers + begun, true},
		"SecondEnded":   {preface + headers + begun + ended, false},
		"HalfHeader":    {preface + headers + headers[:11], true},
		"HalfHead":      {preface + headers + body[:3], true},
		"HalfBody":      {preface + headers + body[:100], false},
		"Body":          {preface + headers + body, false},
		"HalfUpdate":    {preface + headers + body + update[:12], true},
		"Update":        {preface + headers + body + update, false},
		"NoBody":        {preface + headers + frame(0, 1, ""), false},
		"HeaderOnlyOne": {preface + headers + update + headers, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				f, rest := frames{left: len(preface), first: true}, []byte(c.sent)
				for len(rest) > 0 {
					n := rapid.IntRange(1, len(rest)).Draw(t, "read")
					f.follow(rest[:n])
					rest = rest[n:]
				}
				if due := f.isHeaderDue(); due != c.due {
					t.Fatalf("due: %t", due)
				}
			})
		})
	}
}
