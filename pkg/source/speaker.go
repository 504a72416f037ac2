package source

import (
	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/model"
)

// Engines says whose words the words of an engine are. It is a block of the
// configuration of a service that engines call.
type Engines struct {
	Source string `env:"ENGINE_SOURCE" envDefault:"host" doc:"Whose are plays and health that an engine with camelCase names sends as those of source 1? Engines since 2025 send this number from every host. host: they are those of AURA_HOST_ID. as-sent: they are those of source 1."`
}

// What ENGINE_SOURCE may be.
const (
	ofHost = "host"
	asSent = "as-sent"
)

// Validate checks the choice.
func (e *Engines) Validate() error {
	if e.Source != ofHost && e.Source != asSent {
		return &config.Mistake{Variable: "ENGINE_SOURCE", Value: e.Source, Rule: "must be host or as-sent"}
	}
	return nil
}

// AsSent reports whether engines are believed; see Speakers.
func (e *Engines) AsSent() bool { return e.Source == asSent }

// Speakers is the rule for which source an engine's words are about. Engines
// since 2025, which write names in camelCase, send a constant from every host.
type Speakers struct {
	// Host is the number of the host's own source; 0 on the sync node, which
	// believes every number.
	Host int
	// AsSent: the constant is believed too.
	AsSent bool
}

// constant is the source that engines since 2025 send from every host.
const constant = 1

// Doubts about the source that an engine told.
const (
	isConstant = "is what engines since 2025 send from every host; the host's own number is taken"
	notANumber = "must be a source's number, from 1; the host's own is taken"
)

// IsExpected reports whether a doubt is about the constant. It comes with all
// that such an engine sends, so nobody is warned of it.
func IsExpected(d model.Doubt) bool { return d.Why == isConstant }

// Of is the source that is meant if an engine told that number; 0 if it told
// none. It is 0 if nothing tells. inCamelCase: the number's name was, or, if the
// number had none, the other names were. The doubt says why another number is
// taken than was told; "" if none is.
func (s Speakers) Of(told int, inCamelCase bool) (source int, doubt string) {
	switch {
	case s.Host == 0:
		return max(told, 0), ""
	case told < 0:
		return s.Host, notANumber
	case told == 0:
		return s.Host, ""
	case told == constant && inCamelCase && s.Host != constant && !s.AsSent:
		return s.Host, isConstant
	}
	return told, ""
}
