package titles

import (
	"time"
	"unicode/utf8"
)

// Title is what is known of a title.
type Title struct {
	Key Key
	// Artist and Title are spelled as in the last play.
	Artist, Title string
	// Plays is how often it was played, First and Last when it was: UTC.
	Plays       int64
	First, Last time.Time
}

// Counted is a title with its plays in a period.
type Counted struct {
	Title
	InPeriod int64
}

// MaxText is the length, in bytes, to which a searched text is cut.
const MaxText = 1024

// Text is what is searched of an artist and a title: their folded words, each with a
// blank in front.
func Text(artist, title string) string {
	text := ""
	for _, part := range []string{Fold(artist), Fold(title)} {
		if part != "" {
			text += " " + part
		}
	}
	if len(text) <= MaxText {
		return text
	}
	end := MaxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
