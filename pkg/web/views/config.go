package views

import (
	"net/url"

	"aura.radio/engine/pkg/config"
)

// Config is meant to be filled by config.Load.
type Config struct {
	StreamURL string `env:"STREAM_URL" doc:"Address of the station's audio, such as https://radio.example/live.mp3. Players that read what plays in AzuraCast's shape play it. Empty: they only show what plays."`
}

// maxURL bounds an address, in bytes.
const maxURL = 2000

// Validate names every mistake.
func (c *Config) Validate() error {
	u, err := url.Parse(c.StreamURL)
	if c.StreamURL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(c.StreamURL) > maxURL) {
		// The address is not repeated: it may have a password.
		return &config.Mistake{Variable: "STREAM_URL", Rule: "must be an address such as https://radio.example/live.mp3, without a password"}
	}
	return nil
}
