package views

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// MaxFeed is how many plays a feed has.
const MaxFeed = 50

// Feed is an Atom feed (RFC 4287) of the latest plays.
type Feed struct {
	XMLName xml.Name   `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string     `xml:"id"`
	Title   string     `xml:"title"`
	Updated string     `xml:"updated"`
	Author  string     `xml:"author>name"`
	Self    FeedLink   `xml:"link"`
	Entries []FeedPlay `xml:"entry"`
}

// FeedLink leads somewhere.
type FeedLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

// FeedPlay is a play in a feed.
type FeedPlay struct {
	ID        string `xml:"id"`
	Title     string `xml:"title"`
	Updated   string `xml:"updated"`
	Published string `xml:"published"`
	Content   string `xml:"content"`
}

// NewFeed lists the latest plays, newest first, that which is playing included. self
// is where the feed is. Ids are the same in every process, and after a title is amended.
func NewFeed(s Station, m Moment, self string) Feed {
	v := Feed{
		ID: urn("feed", s.Name), Title: s.Name, Author: s.Name, Updated: s.stamp(time.Unix(0, 0)),
		Self: FeedLink{Rel: "self", Type: "application/atom+xml", Href: self},
	}
	add := func(p *Play) {
		if len(v.Entries) == MaxFeed {
			return
		}
		at := s.stamp(p.Start)
		v.Entries = append(v.Entries, FeedPlay{ID: urn("play", p.Key), Title: p.Text(), Updated: at, Published: at, Content: p.content()})
	}
	if m.Playing != nil {
		add(m.Playing)
	}
	for i := range m.Before {
		add(&m.Before[i])
	}
	if len(v.Entries) > 0 {
		v.Updated = v.Entries[0].Updated
	}
	return v
}

// stamp writes a time to the second, as RFC 3339 has it.
func (s Station) stamp(t time.Time) string { return s.Zone.In(t).Format(time.RFC3339) }

// content is the play with its album and its show.
func (p *Play) content() string {
	parts := []string{p.Text()}
	for _, more := range []string{p.Album, p.Show} {
		if more != "" && more != parts[0] {
			parts = append(parts, more)
		}
	}
	return strings.Join(parts, " · ")
}

// urn is a UUID that follows from what it names (RFC 9562, version 8).
func urn(kind, name string) string {
	sum := sha256.Sum256([]byte("aura/" + kind + "/" + name))
	u := sum[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
