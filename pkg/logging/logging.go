package logging

import (
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/config"
)

// Config says what is logged, and how.
type Config struct {
	Level  string `env:"LOG_LEVEL" envDefault:"info" doc:"The lowest level that is logged: trace, debug, info, warn or error."`
	Format string `env:"LOG_FORMAT" envDefault:"auto" doc:"json, pretty or auto. auto is pretty on a terminal and json otherwise."`
}

// Validate names every mistake.
func (c *Config) Validate() error {
	if _, ok := level(c.Level); !ok {
		return &config.Mistake{Variable: "LOG_LEVEL", Value: c.Level, Rule: "must be trace, debug, info, warn or error"}
	}
	switch c.Format {
	case "auto", "json", "pretty":
		return nil
	}
	return &config.Mistake{Variable: "LOG_FORMAT", Value: c.Format, Rule: "must be auto, json or pretty"}
}

// timeLayout is RFC 3339 with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// New makes a logger that writes to w, which may be a Queue. It replaces a wrong
// value in c by the default; Validate is there to refuse it.
func New(c Config, w io.Writer) zerolog.Logger {
	if q, ok := w.(*Queue); ok {
		q.form(c)
		return newLogger(c, q, isTerminal(q.out))
	}
	return newLogger(c, w, isTerminal(w))
}

func newLogger(c Config, w io.Writer, terminal bool) zerolog.Logger {
	w = escaper{w}
	if c.Format == "pretty" || c.Format != "json" && terminal {
		w = zerolog.ConsoleWriter{
			Out:           w,
			NoColor:       !terminal || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb",
			TimeFormat:    timeLayout,
			TimeLocation:  time.UTC,
			FormatPrepare: oneLineMessage,
		}
	}
	least, _ := level(c.Level)
	return zerolog.New(w).Level(least).Hook(stamp{})
}

// oneLineMessage escapes the message, the only text that the readable form does
// not quote.
func oneLineMessage(event map[string]any) error {
	if message, ok := event[zerolog.MessageFieldName].(string); ok {
		event[zerolog.MessageFieldName] = oneLine(message)
	}
	return nil
}

// stamp adds the time. zerolog's own timestamp would need its global settings.
type stamp struct{}

func (stamp) Run(e *zerolog.Event, _ zerolog.Level, _ string) {
	e.Str(zerolog.TimestampFieldName, time.Now().UTC().Format(timeLayout))
}

func level(name string) (zerolog.Level, bool) {
	switch name {
	case "trace", "debug", "info", "warn", "error":
		l, err := zerolog.ParseLevel(name)
		return l, err == nil
	}
	return zerolog.InfoLevel, false
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
