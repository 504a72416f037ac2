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

// news is what is new in an answer. After its start an engine-api counts from the
// beginning. err is why there was no answer.
func (e *ear) news(source int, heard model.Life, err error, took time.Duration) decision.Life {
	life := decision.Life{Source: source, Unanswered: err != nil, Took: took}
	if err != nil {
		return life
	}
	before := e.heard
	if heard.Start != before.Start {
		before = model.Life{}
	}
	e.heard = heard
	since := func(now, before model.Words) decision.Words {
		return decision.Words{Count: int(max(0, now.Count-before.Count)), Ago: now.Ago}
	}
	life.Reports, life.Plays = since(heard.Reports, before.Reports), since(heard.Plays, before.Plays)
	return life
}

// record is the news of an engine-api that is too old to say what it hears: a
// record of health that it did not have before came just now. The record is empty
// if there is none.
func (e *ear) record(source int, h model.Health, err error, took time.Duration) decision.Life {
	life := decision.Life{Source: source, Unanswered: err != nil, Took: took}
	if err != nil {
		return life
	}
	said := h.Said().LogTime
	if said.After(e.said) && !e.said.IsZero() {
		life.Reports.Count = 1
	}
	e.said = said
	return life
}
