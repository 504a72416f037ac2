package views

import (
	"regexp"
	"slices"
	"strings"
)

// MaxDisplayed is how many characters a receiver with RadioDNS shows of a text.
const MaxDisplayed = 128

// Displayed is what receivers with RadioDNS show.
type Displayed struct {
	Text  string // at most MaxDisplayed characters
	Image string // an address; "" if there is none
}

// NewDisplayed renders a moment for receivers: the station's name while nothing plays,
// and the image if the play has no cover that receivers can load. They know no website
// to which an address could be relative.
func NewDisplayed(s Station, m Moment, image string) Displayed {
	d := Displayed{Text: s.Name, Image: image}
	if p := m.Playing; p != nil {
		d.Text = p.Text()
		if isAddress(p.Cover) {
			d.Image = p.Cover
		}
	}
	if text := []rune(d.Text); len(text) > MaxDisplayed {
		d.Text = string(text[:MaxDisplayed-1]) + "…"
	}
	return d
}

// bearer is what a station is called on FM or DAB, in the form that RadioDNS uses in
// paths: country code, PI code and frequency; or country code, ensemble, service and
// component.
var bearer = regexp.MustCompile(`^(fm/[0-9a-f]{3}/[0-9a-f]{4}/[0-9]{5}|dab/[0-9a-f]{3}/[0-9a-f]{4}/([0-9a-f]{4}|[0-9a-f]{8})/([0-9a-f]|[0-9a-f]{3}))$`)

// IsHeardOn reports whether the station is heard on a bearer, such as
// fm/ce1/c201/09710. Capitals count as small letters.
func (c *Config) IsHeardOn(name string) bool {
	return slices.Contains(c.Bearers, strings.ToLower(name))
}
