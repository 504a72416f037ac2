package report

import (
	"cmp"
	"strings"

	"aura.radio/engine/pkg/model"
)

// recordingKey identifies a recording: by its ISRC, or by the other fields if that
// is not known.
type recordingKey struct{ isrc, artist, title, album string }

func recordingOf(e *model.Entry) recordingKey {
	if isrc := isrc(e.ISRC); isrc != "" {
		return recordingKey{isrc: isrc}
	}
	return recordingKey{artist: e.Artist, title: e.Title, album: e.Album}
}

func (k recordingKey) compare(other recordingKey) int {
	return cmp.Or(cmp.Compare(k.isrc, other.isrc), cmp.Compare(k.artist, other.artist), cmp.Compare(k.title, other.title), cmp.Compare(k.album, other.album))
}

// recording is the total of one recording. Of each text, the latest that is known
// counts.
type recording struct {
	key                                         recordingKey
	artist, title, album, label, isrc, composer string
	total
}

// add counts a play of it.
func (r *recording) add(p *Play, plays int64) {
	e := &p.Entry
	r.merge(&recording{
		artist: e.Artist, title: e.Title, album: e.Album, label: e.Label, isrc: cmp.Or(r.key.isrc, e.ISRC), composer: e.Composer,
		total: total{plays, p.Audible()},
	})
}

// merge adds what was counted later.
func (r *recording) merge(later *recording) {
	known, told := r.texts(), later.texts()
	for i, text := range told {
		if *text != "" {
			*known[i] = *text
		}
	}
	r.total.merge(later.total)
}

func (r *recording) texts() []*string {
	return []*string{&r.artist, &r.title, &r.album, &r.label, &r.isrc, &r.composer}
}

func (r *recording) fields() (texts []*string, numbers []*int64) {
	return append(r.texts(), &r.key.isrc, &r.key.artist, &r.key.title, &r.key.album), r.numbers()
}

func (r *recording) write(to cells) {
	to.text("track_artist", r.artist)
	to.text("track_title", r.title)
	r.total.write(to)
	to.text("track_album", r.album)
	to.text("track_label", r.label)
	to.text("track_isrc", r.isrc)
	to.text("track_composer", r.composer)
}

// isrc is an ISRC as it is compared: without hyphens and blanks, in capital
// letters. It is "" if the text is no ISRC: two letters of a country, three letters
// or digits of whoever gave it, and seven digits.
func isrc(text string) string {
	if text == "" {
		return ""
	}
	code := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(text))
	if len(code) != 12 {
		return ""
	}
	for i, c := range []byte(code) {
		isLetter, isDigit := c >= 'A' && c <= 'Z', c >= '0' && c <= '9'
		if i < 2 && !isLetter || i >= 5 && !isDigit || !isLetter && !isDigit {
			return ""
		}
	}
	return code
}

// goesOn reports whether a play is the rest of the one before it: the same work,
// which goes on where a switch of the source cut it. A title that is played again
// from its start is a play of its own.
func goesOn(before, p *Play) bool {
	if before == nil || !before.Until.Equal(p.From) || !p.Entry.TrackStart.Before(p.From) {
		return false
	}
	a, b := &before.Entry, &p.Entry
	if !a.IsNamed() && !b.IsNamed() {
		return showOf(a) == showOf(b)
	}
	return recordingOf(a) == recordingOf(b)
}
