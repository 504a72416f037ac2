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
	return cut(text, MaxText)
}

// cut is a text of at most so many bytes, in whole characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
