package probe

import (
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// ear remembers what an engine-api heard of its engine, so that only what is new
// counts.
type ear struct {
	heard model.Life
	said  time.Time // the last record of health
}

// news is what the engine-api heard since it was asked last. After its start it
// counts from the beginning.
func (e *ear) news(heard model.Life) decision.Life {
	before := e.heard
	if heard.Start != before.Start {
		before = model.Life{}
	}
	e.heard = heard
	since := func(now, before model.Words) decision.Words {
		return decision.Words{Count: int(max(0, now.Count-before.Count)), Ago: now.Ago}
	}
	return decision.Life{Source: heard.Source, Reports: since(heard.Reports, before.Reports), Plays: since(heard.Plays, before.Plays)}
}

// record is the news of an engine-api that is too old to say what it hears: a
// record of health that it did not have before came just now.
func (e *ear) record(h model.Health) decision.Life {
	said := h.Said().LogTime
	life := decision.Life{Source: h.Source}
	if said.After(e.said) && !e.said.IsZero() {
		life.Reports.Count = 1
	}
	e.said = said
	return life
}
