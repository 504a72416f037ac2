package httpserver

import (
	"bytes"
	"io"
	"net/http"
	"slices"

	"aura.radio/engine/pkg/api/lenient"
	"aura.radio/engine/pkg/model"
)

const (
	// maxUnknown is how long the value of a member may be that the contract does
	// not know, such as a cover. A longer one is left out.
	maxUnknown = 64 << 10
	// maxRaw is how much is kept of a body as it came.
	maxRaw = 1 << 20
)

// skimmer reads a body and leaves out, while it reads, the long values of
// members that nobody knows. So it holds little of a body, however long that is.
// Whether the body is JSON is found out later.
type skimmer struct {
	known  map[string]bool // as spelled
	limit  int             // how much may be kept
	kept   []byte
	doubts []model.Doubt

	came      []byte // the beginning of the body, if kept is not the body itself
	depth     int
	inText    bool
	escaped   bool
	nameAt    int  // where in kept the last text begins that may be a name
	nameEnd   int  // and where it ends
	valueAt   int  // where in kept the member's value begins, 0 outside of values
	needed    bool // by the contract, the value has a meaning
	skipsOver bool
}

// raw is the body as it came, as far as it is kept.
func (s *skimmer) raw() []byte {
	if s.came != nil {
		return s.came
	}
	return s.kept
}

// read reads the whole body. A body that is shorter than any value that would be
// left out is not looked at.
func (s *skimmer) read(body io.Reader) error {
	head, err := io.ReadAll(io.LimitReader(body, maxUnknown+1))
	if err != nil || len(head) <= maxUnknown {
		s.kept = head
		return err
	}
	if _, err = s.Write(head); err == nil {
		_, err = io.Copy(s, body)
	}
	return err
}

// Write takes the next piece of the body.
func (s *skimmer) Write(p []byte) (int, error) {
	s.came = append(s.came, p[:min(len(p), maxRaw-len(s.came))]...)
	for _, b := range p {
		s.next(b)
		// Room is left for what the contract knows.
		tooLong := len(s.kept)-s.valueAt > maxUnknown || len(s.kept) > s.limit-maxUnknown
		if tooLong && s.valueAt > 0 && !s.needed && !s.skipsOver {
			s.leaveOut()
		}
		if len(s.kept) > s.limit {
			return 0, &http.MaxBytesError{Limit: int64(s.limit)}
		}
	}
	return len(p), nil
}

// next takes one byte.
func (s *skimmer) next(b byte) {
	outermost := s.depth == 1 && !s.inText
	if outermost && (b == ',' || b == '}') { // ends a member
		s.valueAt, s.skipsOver = 0, false
	}
	if !s.skipsOver {
		s.kept = append(s.kept, b)
	}
	switch {
	case s.escaped:
		s.escaped = false
	case s.inText && b == '\\':
		s.escaped = true
	case b == '"':
		s.inText = !s.inText
		if s.depth != 1 || s.valueAt > 0 {
			break
		}
		if s.inText {
			s.nameAt = len(s.kept)
		} else {
			s.nameEnd = len(s.kept) - 1
		}
	case s.inText:
	case outermost && b == ':' && s.valueAt == 0:
		s.valueAt = len(s.kept)
		s.needed = s.known[spelled(string(s.kept[s.nameAt:s.nameEnd]))]
	case b == '{', b == '[':
		s.depth++
	case b == '}', b == ']':
		s.depth--
	}
}

// leaveOut makes the value null, and doubts it.
func (s *skimmer) leaveOut() {
	d := model.Doubt{
		Field: lenient.Snippet(s.kept[s.nameAt:s.nameEnd]), Sent: lenient.Snippet(bytes.TrimSpace(s.kept[s.valueAt:])),
		Why: "is no known field and too long, so it was left out",
	}
	same := func(other model.Doubt) bool { return other.Field == d.Field }
	if len(s.doubts) < model.MaxDoubts && !slices.ContainsFunc(s.doubts, same) {
		s.doubts = append(s.doubts, d)
	}
	s.kept = append(s.kept[:s.valueAt], "null"...)
	s.skipsOver = true
}
