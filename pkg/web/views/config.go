package views

import (
	"errors"
	"net/url"
	"strings"

	"aura.radio/engine/pkg/config"
)

// Config is meant to be filled by config.Load.
type Config struct {
	StreamURL string   `env:"STREAM_URL" doc:"Address of the station's audio, such as https://radio.example/live.mp3. Players that read what plays in AzuraCast's shape play it. Empty: they only show what plays."`
	Bearers   []string `env:"RADIODNS_BEARERS" doc:"Where the station is heard on FM or DAB, as RadioDNS calls it, such as fm/ce1/c201/09710 or dab/ce1/c185/c181/0, separated by commas. Receivers get what plays for these."`
	Image     string   `env:"RADIODNS_IMAGE" doc:"Address of an image, such as https://radio.example/logo.png, which receivers show while a track has no cover. Without it, they keep the cover before."`
}

// maxURL bounds an address, in bytes.
const maxURL = 2000

// Validate names every mistake, and brings the bearers into one form.
func (c *Config) Validate() error {
	var mistakes []error
	for _, a := range []struct{ variable, address string }{{"STREAM_URL", c.StreamURL}, {"RADIODNS_IMAGE", c.Image}} {
		if a.address != "" && !isAddress(a.address) {
			// The address is not repeated: it may have a password.
			mistakes = append(mistakes, &config.Mistake{Variable: a.variable, Rule: "must be an address such as https://radio.example/live, without a password"})
		}
	}
	for i, name := range c.Bearers {
		if c.Bearers[i] = strings.ToLower(strings.Trim(name, " /")); !bearer.MatchString(c.Bearers[i]) {
			mistakes = append(mistakes, &config.Mistake{Variable: "RADIODNS_BEARERS", Value: name, Rule: "must be bearers such as fm/ce1/c201/09710 (country, PI code, frequency) or dab/ce1/c185/c181/0 (country, ensemble, service, component)"})
		}
	}
	return errors.Join(mistakes...)
}

// isAddress reports whether everybody can load an address.
func isAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && len(address) <= maxURL
}
