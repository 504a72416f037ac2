package links

import (
	"errors"
	"net/url"

	"aura.radio/engine/pkg/config"
)

// Config says where covers and recordings are. It is meant to be filled by
// config.Load.
type Config struct {
	Cover           string `env:"COVER_URL" doc:"Where a track's cover is, such as https://covers.example/search?artist={artist}&album={album}, or on the website itself, such as /covers/{isrc}.jpg. Placeholders are {isrc}, {artist}, {album} and {title}. A track has no cover if one in the path is not known, or if none is known. Empty: tracks have no covers."`
	Recording       string `env:"RECORDING_URL" doc:"Where the station's own recording of a time is to be heard, such as /archive/{date}/{hour}.mp3#t={second_of_hour}. Placeholders are {from} and {until} (ISO 8601), {from_unix} and {until_unix}, and of the beginning in the station's time zone {date}, {hour}, {minute}, {second} and {second_of_hour}. Full records show it. Empty: there are no recordings."`
	RecordingPublic bool   `env:"RECORDING_PUBLIC" envDefault:"false" doc:"Whether tracks show it to everybody, too."`
}

// CoverOrigin is the other site that covers come from, such as https://covers.example;
// "" if they come from the website itself, or if there are none.
func (c *Config) CoverOrigin() string {
	u, err := url.Parse(c.Cover)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Validate names every mistake.
func (c *Config) Validate() error {
	check := func(variable, value string, known []string) error {
		if _, err := parse(value, known); err != nil {
			return &config.Mistake{Variable: variable, Value: value, Rule: err.Error()}
		}
		return nil
	}
	return errors.Join(check("COVER_URL", c.Cover, ofCover), check("RECORDING_URL", c.Recording, ofRecording))
}
