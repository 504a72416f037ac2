package exchange

import (
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

const (
	// silence is how long a database was not heard if another one may take its
	// place. Two databases of one host that are both heard within that time are
	// twins.
	silence = 10 * time.Minute
	// absence is how long a database was not heard if it has lost its claim.
	absence = 24 * time.Hour
)

// Evidence is how it is known that a database says that it is a host's.
type Evidence int

const (
	// Called says that it has called by itself, from wherever.
	Called Evidence = iota
	// Answered says that it answers at the host's address.
	Answered
	// Elsewhere says that it has called by itself, while another one answers at the
	// host's address.
	Elsewhere
)

// Judge decides whether a database is its host's. known are the sightings of that
// host; the result has that of came, too.
//
//   - One database is the host's at a time. A second one is refused, be it that of
//     another host with the same number or a copy.
//   - What answers at the host's address is the host's: a lost disk heals by
//     itself, as soon as the node there has been asked. A start that calls for the
//     first time while another one answers there is a copy's.
//   - A database that is silent makes room. If it is heard again within a day, the
//     place is its own again, because it was there first.
//   - A new start of the same database is a restart. If the one that it replaced is
//     heard again, it was none: both run, on copies. From then on, a new start
//     may be that of either, and waits until the other one is silent.
func Judge(known []model.Sighting, came model.Identity, how Evidence, now time.Time) []model.Sighting {
	all := slices.Clone(known)
	current := slices.IndexFunc(all, func(s model.Sighting) bool { return s.Standing == model.Current })
	at := find(all, came)
	isNew := at < 0
	if isNew {
		at, all = len(all), append(all, model.Sighting{First: now})
	}
	if now.Sub(all[at].Last) >= absence {
		all[at].First = now
	}
	all[at].Identity, all[at].Last = came, now
	if current == at {
		return all
	}
	take := func(instead model.Standing) []model.Sighting {
		all[current].Standing, all[at].Standing = instead, model.Current
		return all
	}
	switch {
	case current < 0:
		all[at].Standing = model.Current
	case how == Answered:
		all[current].First = now // it has lost its claim
		return take(model.Replaced)
	case isNew && how != Elsewhere && isRestart(all, all[current], came, now):
		return take(model.Replaced)
	case now.Sub(all[current].Last) >= silence:
		if all[current].Database == came.Database && all[current].Last.Before(all[at].First) {
			all[at].First = all[current].First // it was a restart, as the other one was never heard since
		}
		return take(model.Replaced)
	case all[at].Standing == model.Replaced && all[at].First.Before(all[current].First):
		return take(model.Refused)
	default:
		all[at].Standing = model.Refused
	}
	return all
}

// isRestart reports whether came can only be the next start of the current one.
func isRestart(all []model.Sighting, current model.Sighting, came model.Identity, now time.Time) bool {
	return came.Database == current.Database && !slices.ContainsFunc(all, func(s model.Sighting) bool {
		return s.Database == came.Database && IsTwin(s, now)
	})
}

// IsTwin reports whether the database is heard although another one is the host's.
func IsTwin(s model.Sighting, now time.Time) bool {
	return s.Standing == model.Refused && now.Sub(s.Last) < silence
}
