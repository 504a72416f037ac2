package api

import (
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// NewOutbox is what waits for the sync node, in the form of the wire.
func NewOutbox(o model.Outbox) Outbox {
	return Outbox{Entries: o.Entries, Healths: o.Healths, Parked: o.Parked, Oldest: oldest(o.Oldest)}
}

// NewJournal is what waits for the database, in the form of the wire.
func NewJournal(j model.Journal) *Journal {
	return &Journal{Waiting: j.Waiting, Aside: j.Aside, Foreign: j.Foreign, Bytes: j.Bytes, Oldest: oldest(j.Oldest)}
}

// NewRefused is what nobody understood, in the form of the wire.
func NewRefused(r model.Refusals) *Refused { return &Refused{Items: r.Items, Bytes: r.Bytes} }

func oldest(t time.Time) *stationtime.Stamp {
	if t.IsZero() {
		return nil
	}
	return new(stationtime.UTC(t))
}
