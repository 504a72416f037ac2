package links

import (
	"errors"

	"aura.radio/engine/pkg/config"
)

// Config says where covers and recordings are. It is meant to be filled by
// config.Load.
type Config struct {
	Cover           string `env:"COVER_URL" doc:"Where a track's cover is, such as https://covers.example/search?artist={artist}&album={album}, or a path of the website, such as /covers/{isrc}.jpg. {isrc}, {artist}, {album} and {title} are filled in. A track has no cover if something in the path is not known, or everything. Tracks then have cover. Empty: they have none."`
	Recording       string `env:"RECORDING_URL" doc:"Where the station's recording of a time is to be heard, such as /archive/{date}/{hour}.mp3#t={second_of_hour}. {from} and {until} are filled in by ISO 8601, {from_unix} and {until_unix} as Unix time, {date}, {hour}, {minute} and {second} of the beginning in the station's time zone, and {second_of_hour}. Full records then have recording. Empty: they have none."`
	RecordingPublic bool   `env:"RECORDING_PUBLIC" envDefault:"false" doc:"Whether everybody may know where recordings are. If true, tracks have recording too."`
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
