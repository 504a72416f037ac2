package checkup

import (
	"context"
	"errors"
	"net/http"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/peer"
)

// Subjects of findings about the host's own service.
const (
	subjectService  = "service"
	subjectDatabase = "database"
)

// Program is a service, and the program that checks it.
type Program struct {
	instance.Instance
	Version string // of the program that checks
	HostID  int
}

// Service checks that the service runs, and that it is this program. It tells what
// it says about itself; false if it does not answer.
func (r *Report) Service(ctx context.Context, own *peer.Client, p Program) (api.SyncState, bool) {
	var state api.SyncState
	if err := own.Get(ctx, "/sync/state", nil, &state); err != nil {
		if status, answered := errors.AsType[*peer.StatusError](err); answered && status.Status == http.StatusServiceUnavailable {
			r.Database(ctx, own) // which says why
		} else {
			r.Away(p, err)
		}
		return state, false
	}
	if state.HostId != p.HostID {
		r.Fails(subjectService, "host %d answers where %s of host %d should: AURA_LISTEN and AURA_HOST_ID do not fit what runs here; restart it", state.HostId, p.Service, p.HostID)
		return state, false
	}
	r.Runs(p, state.Version)
	r.Database(ctx, own)
	r.identity(state)
	return state, true
}

// Away adds why the host's own service does not answer.
func (r *Report) Away(p Program, err error) {
	if status, ok := errors.AsType[*peer.StatusError](err); ok && refuses(status) {
		r.Fails(subjectService, "%v: a program of this host needs a token here, too: name a file with one by --token-file", err)
		return
	}
	r.Fails(subjectService, "%v: `systemctl status %s` and `journalctl -u %s -n 20` say why", err, p.Unit(), p.Unit())
}

// Runs adds which version runs.
func (r *Report) Runs(p Program, version string) {
	switch version {
	case p.Version:
		r.Works(subjectService, "%s %s runs", p.Service, version)
	case "":
		r.Look(subjectService, "an older version than %s runs: systemctl restart %s", p.Version, p.Unit())
	default:
		r.Look(subjectService, "version %s runs, and %s is installed: systemctl restart %s", version, p.Version, p.Unit())
	}
}

// Database checks that the service's database is there, has the right schema and
// takes writes.
func (r *Report) Database(ctx context.Context, own *peer.Client) {
	switch detail, err := own.Ready(ctx); {
	case err != nil:
		r.Fails(subjectDatabase, "%v", err)
	case detail != "":
		r.Fails(subjectDatabase, "it is away, and the service goes on without it: %s", detail)
	default:
		r.Works(subjectDatabase, "it answers, has the right schema and takes writes")
	}
}

func (r *Report) identity(s api.SyncState) {
	if s.DatabaseWarning != "" {
		r.Fails(subjectDatabase, "%s", s.DatabaseWarning)
	}
	if s.Twin != "" {
		r.Fails("identity", "%s", s.Twin)
	} else if d := s.Database; d != nil {
		r.Works("identity", "database %.8s of host %d, served %d times", d.ID, d.Host, d.Starts)
	}
}

// Kept checks what waits on an engine's host: the outbox, the journal, and what
// nobody understood. hasSyncNode: somebody takes what is in the outbox.
func (r *Report) Kept(s api.SyncState, is instance.Instance, hasSyncNode bool) {
	switch o := s.Outbox; {
	case !hasSyncNode:
	case o.Parked > 0:
		r.Look("outbox", "the sync node refused %d records: `%s` says why", o.Parked, is.AsService("outbox list"))
	case o.Entries+o.Healths > 0:
		r.Look("outbox", "%d records wait for the sync node; if the number does not fall, see the sync node's lines", o.Entries+o.Healths)
	default:
		r.Works("outbox", "nothing waits")
	}
	switch j := s.Journal; {
	case j == nil:
		r.Fails("journal", "it can't be read: the log says why")
	case j.Aside+j.Foreign > 0:
		r.Look("journal", "%d items can't be stored by themselves: `%s` says why", j.Aside+j.Foreign, is.AsService("journal list"))
	case j.Waiting > 0:
		r.Look("journal", "%d items wait for the database", j.Waiting)
	default:
		r.Works("journal", "nothing waits")
	}
	if s.Refused != nil && s.Refused.Items > 0 {
		r.Look("refused", "the engine sent %d bodies that nobody understands: `%s` shows them", s.Refused.Items, is.AsService("refused list"))
	}
}

// Warnings adds what the service itself warns of: the clock and the zone of its
// engine, and what its source plays.
func (r *Report) Warnings(s api.SyncState) {
	if s.Warnings != nil {
		for _, w := range *s.Warnings {
			r.Look("engine's clock", "%s", w)
		}
	}
	for _, w := range s.HealthWarnings {
		r.Look("health", "%s", w)
	}
}

// Life checks that an engine is heard. who is the subject.
func (r *Report) Life(ctx context.Context, node *peer.Client, who string, source int) {
	life, err := node.Life(ctx, source)
	switch {
	case err != nil:
		r.Fails(who, "%v", err)
	case life.Plays.Count == 0 && life.Reports.Count == 0:
		r.Look(who, "nothing was heard of it since the service started: does it send to this host?")
	case life.Plays.Count == 0:
		r.Look(who, "its last report of health came %s ago, and no play since the service started", ago(life.Reports.Ago))
	case life.Reports.Count == 0:
		r.Works(who, "its last play came %s ago", ago(life.Plays.Ago))
	default:
		r.Works(who, "its last play came %s ago, and its last report of health %s ago", ago(life.Plays.Ago), ago(life.Reports.Ago))
	}
}

func ago(d time.Duration) string { return d.Round(time.Second).String() }
