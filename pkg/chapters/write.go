package chapters

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"
)

// version is that of JSON chapters.
const version = "1.2.0"

// JSON writes JSON chapters of Podcasting 2.0.
func (s Sheet) JSON() ([]byte, error) {
	type chapter struct {
		StartTime float64 `json:"startTime"`
		EndTime   float64 `json:"endTime"`
		Title     string  `json:"title"`
		Cover     string  `json:"img,omitempty"`
	}
	list := make([]chapter, len(s.Chapters))
	for i, c := range s.Chapters {
		list[i] = chapter{seconds(c.Start), seconds(c.End), c.name(), c.Cover}
	}
	body, err := json.Marshal(struct {
		Version  string    `json:"version"`
		Show     string    `json:"title,omitempty"`
		Station  string    `json:"podcastName"`
		Chapters []chapter `json:"chapters"`
	}{version, s.show(), s.Station, list})
	if err != nil {
		return nil, fmt.Errorf("write chapters: %w", err)
	}
	return body, nil
}

// seconds has whole milliseconds.
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// VTT writes a file of chapters for the track element of HTML.
func (s Sheet) VTT() []byte {
	var b bytes.Buffer
	b.WriteString("WEBVTT\n")
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	for i, c := range s.Chapters {
		fmt.Fprintf(&b, "\n%d\n%s --> %s\n%s\n", i+1, clock(c.Start), clock(c.End), escape.Replace(c.name()))
	}
	return b.Bytes()
}

// clock is a time as WebVTT writes it.
func clock(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

const (
	// maxTracks is how many tracks a cue sheet may have.
	maxTracks = 99
	// framesPerSecond is how a cue sheet divides a second.
	framesPerSecond = 75
)

// Cue writes a cue sheet for a file of that name.
func (s Sheet) Cue(file string) []byte {
	var b bytes.Buffer
	if show := s.show(); show != "" {
		fmt.Fprintf(&b, "TITLE %s\n", quoted(show))
	}
	fmt.Fprintf(&b, "PERFORMER %s\nFILE %s %s\n", quoted(s.Station), quoted(file), kindOf(file))
	for i, c := range s.Chapters {
		if i == maxTracks {
			fmt.Fprintf(&b, "REM %d more tracks, because a cue sheet has at most %d\n", len(s.Chapters)-i, maxTracks)
			break
		}
		fmt.Fprintf(&b, "  TRACK %02d AUDIO\n    TITLE %s\n", i+1, quoted(c.Title))
		if c.Artist != "" {
			fmt.Fprintf(&b, "    PERFORMER %s\n", quoted(c.Artist))
		}
		if i == 0 && c.Start > 0 {
			b.WriteString("    INDEX 00 00:00:00\n") // a file begins with an index
		}
		fmt.Fprintf(&b, "    INDEX 01 %s\n", frames(c.Start))
	}
	return b.Bytes()
}

// quoted is a text of a cue sheet, which knows no way to write a quote.
func quoted(s string) string { return `"` + strings.ReplaceAll(line(s), `"`, "'") + `"` }

// frames is a time as minutes, seconds and frames.
func frames(d time.Duration) string {
	n := int64(d) * framesPerSecond / int64(time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", n/framesPerSecond/60, n/framesPerSecond%60, n%framesPerSecond)
}

// kindOf is how a cue sheet calls the kind of a file. Players take all but MP3 and
// AIFF for WAVE, whatever it is.
func kindOf(file string) string {
	switch strings.ToLower(path.Ext(file)) {
	case ".mp3":
		return "MP3"
	case ".aif", ".aiff":
		return "AIFF"
	}
	return "WAVE"
}
