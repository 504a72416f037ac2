package authority

import (
	"fmt"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
)

// View is what the Follower shows to others.
type View struct {
	// Reachable: the sync node says who may act and which source is active. Detail
	// says in words what it did not answer, or why; "" if all is well.
	Reachable bool
	Detail    string
	// LeaseHolder is the name of the monitor that holds the lease, as the sync node
	// said last; "" if none does. LeaseRemaining is how long the lease lasts from
	// now.
	LeaseHolder    string
	LeaseRemaining time.Duration
	// Granted is the lease as this monitor got it last, even if that was before a
	// restart. Its decisions are made under that lease, even while the sync node is
	// away. Its epoch is 0 if there is none.
	Granted model.Lease
	// Acting: this monitor acts; ActingDetail is why, or why not.
	Acting       bool
	ActingDetail string
	// Active is what the sync node said last, at first the default source. It is
	// stale while the sync node can't be asked.
	Active model.ActiveSource
	// LastBy and LastReason are those of the activation that made the source
	// active; "" if they are not known.
	LastBy, LastReason string
	// History are the hundred newest activations, as the sync node said when Active
	// became what it is; nil: not yet since the start. Nobody writes to it.
	History []model.Activation
	// Seen is when the sync node last said which source is active; zero: not since
	// the start.
	Seen time.Time
}

// View is what is known now. It never waits.
func (f *Follower) View() View {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.view
	if v.LeaseRemaining = max(0, time.Until(f.leaseEnds)); v.LeaseRemaining == 0 {
		v.LeaseHolder = ""
	}
	return v
}

// show takes over what the sync node said about the lease; at is when it was asked.
func (f *Follower) show(lease model.Lease, at time.Time) {
	f.tenure.lease = lease
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leaseEnds = at.Add(lease.Remaining)
}

// publish renews what View shows. View then has all that learn tells afterwards.
func (f *Follower) publish() {
	name, _ := splitHolder(f.tenure.lease.Holder)
	v := View{
		Reachable: f.reachable, Detail: f.failure, LeaseHolder: name,
		Granted: model.Lease{Holder: f.holder(), Epoch: f.note.Lease},
		Acting:  f.tenure.acts, ActingDetail: f.actingDetail(),
		Active: model.ActiveSource{Source: f.defaultSource}, Seen: f.seen, History: f.history,
	}
	if a := f.note.Active; a != nil {
		v.Active = model.ActiveSource{Source: a.Source, Since: a.Since, Epoch: a.Epoch, Pinned: a.Pinned, Unknown: a.Unknown}
		v.LastBy, v.LastReason = a.By, a.Reason
	}
	v.Active.Stale = !f.reachable
	f.mu.Lock()
	defer f.mu.Unlock()
	f.view = v
}

// actingDetail is why this monitor acts, or why not.
func (f *Follower) actingDetail() string {
	silence := "the sync node has not answered since the start"
	if !f.answered.IsZero() {
		silence = fmt.Sprintf("the sync node has not answered since %s UTC", f.answered.UTC().Format(time.TimeOnly))
	}
	t := &f.tenure
	asked := t.standing != unasked || f.failure != ""
	switch {
	case t.acts && !f.reachable:
		return "acts alone: " + silence
	case t.acts && t.standing == alone:
		return "acts: the sync node knows no leases, so no other monitor should run"
	case t.acts:
		return "holds the lease"
	case !asked:
		return "only watches: the sync node was not asked yet"
	case !f.reachable && f.note.Held:
		return "only watches: its lease ran out, and " + silence
	case !f.reachable:
		return "only watches: " + silence + ", and another monitor may act"
	case t.standing == looking:
		return "only watches: the sync node is back, and the monitor that acted before may ask first"
	case t.standing == taken:
		return "another monitor acts: " + f.other()
	}
	return "only watches: it is about to act"
}

// other is the name of the holder.
func (f *Follower) other() string {
	name, id := splitHolder(f.tenure.lease.Holder)
	if name == f.name && id != "" {
		return name + ", which is also the name of this monitor"
	}
	return name
}

// splitHolder takes the random part off a holder's name.
func splitHolder(holder string) (name, id string) {
	if i := strings.LastIndexByte(holder, '/'); i > 0 {
		return holder[:i], holder[i+1:]
	}
	return holder, ""
}
