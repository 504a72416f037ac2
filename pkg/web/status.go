package web

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// statusPath is where the status page is.
const statusPath = "/status"

const (
	// shownDays is how far back the pictures of the sources reach.
	shownDays = 3
	// readStates, readSwitches and readPlays bound what is looked at.
	readStates, readSwitches, readPlays = 2000, 50, 200
	// monitorPatience is how long monitors have to answer.
	monitorPatience = 2 * time.Second
)

// status is what the status page shows.
type status struct {
	Now time.Time
	// Problem is why what somebody asked for was not done; nil if it was.
	Problem *api.Problem
	// Unknown are the parts that could not be read, as keys of texts, each with the
	// reason.
	Unknown map[string]string

	// Names are what people call the sources.
	Names    map[int]string
	State    api.SyncState
	Active   *api.ActiveSource // nil if it is not known
	Switches []api.ActivationRecord
	Engines  []engine
	Monitors []monitorView
	Holes    []api.Hole
	Doubtful []api.PlaylogEntry
	// From is where the pictures begin.
	From time.Time
	// CanAct: the person may switch. CanMaintain: maintenance is decided here.
	CanAct, CanMaintain bool
}

// Current is the switch that counts now; nil if there was none.
func (s *status) Current() *api.ActivationRecord {
	if len(s.Switches) == 0 {
		return nil
	}
	return &s.Switches[0]
}

// LastSwitches are those that the page lists.
func (s *status) LastSwitches() []api.ActivationRecord {
	return s.Switches[:min(len(s.Switches), 15)]
}

// IsSyncNode: the page is the sync node's.
func (s *status) IsSyncNode() bool { return s.State.Nodes != nil }

// Alarms are what a person has to look after, as the services say it.
func (s *status) Alarms() (all []string) {
	for _, m := range s.Monitors {
		if m.Said != nil && m.Said.Alarm != "" && m.Said.Acting {
			all = append(all, m.Said.Alarm)
		}
	}
	return all
}

// Warnings are what a person should know.
func (s *status) Warnings() (all []string) {
	all = append(all, s.State.HealthWarnings...)
	if s.State.Warnings != nil {
		all = append(all, *s.State.Warnings...)
	}
	for _, one := range []string{s.State.DatabaseWarning, s.State.Twin} {
		if one != "" {
			all = append(all, one)
		}
	}
	return all
}

// Nodes are what the sync node knows of the others; nil on an engine-api.
func (s *status) Nodes() []api.NodeState {
	if s.State.Nodes == nil {
		return nil
	}
	return *s.State.Nodes
}

// monitorView is what a monitor says, or why it says nothing.
type monitorView struct {
	URL     string
	Said    *api.MonitorStatus
	Failure string
}

// status shows the status page.
func (s *Site) status(c *gin.Context, t catalogue) (view, error) { return s.statusAfter(c, t, nil) }

// statusAfter shows the status page after something was asked for.
func (s *Site) statusAfter(c *gin.Context, t catalogue, problem *api.Problem) (view, error) {
	v := s.readStatus(c, nil)
	s.live.kept.isStale.Store(true)
	v.Problem, v.CanAct = problem, canAct(c)
	code := http.StatusOK
	if problem != nil {
		code = problem.Status
	}
	return view{template: "status", title: t.T("status.title"), status: code, body: v}, nil
}

// canAct reports whether the caller may switch.
func canAct(c *gin.Context) bool {
	return httpserver.Caller(c.Request.Context()).Role == httpserver.RoleAdmin
}

// readStatus reads what the page shows to everybody who may see it. kept is nil if all
// is to be read.
func (s *Site) readStatus(ctx context.Context, kept *statusKept) *status {
	kept.begin()
	now := s.Now()
	v := &status{
		Now: now, From: now.AddDate(0, 0, -shownDays), Unknown: map[string]string{}, Names: s.Studio.Sources,
		CanMaintain: s.Studio.Maintenance != nil,
	}
	v.Monitors = s.askMonitors(ctx)
	s.readParts(ctx, v)
	s.readHoles(ctx, v, kept)
	s.readEngines(ctx, v, kept)
	return v
}

// askMonitors asks all monitors at once.
func (s *Site) askMonitors(ctx context.Context) []monitorView {
	ctx, cancel := context.WithTimeout(ctx, monitorPatience)
	defer cancel()
	views := make([]monitorView, len(s.Studio.Monitors))
	var asked sync.WaitGroup
	for i, m := range s.Studio.Monitors {
		views[i].URL = m.URL
		asked.Go(func() {
			if said, err := m.Ask(ctx); err != nil {
				views[i].Failure = err.Error()
			} else {
				views[i].Said = &said
			}
		})
	}
	asked.Wait()
	return views
}

// readParts reads everything except holes and what belongs to one engine. What can't be
// read does not keep the rest from being shown.
func (s *Site) readParts(ctx context.Context, v *status) {
	read(ctx, v, "status.node", s.Studio.Operations.GetSyncState, api.GetSyncStateRequestObject{}, func(a api.GetSyncState200JSONResponse) { v.State = api.SyncState(a) })
	read(ctx, v, "status.active", s.Studio.Operations.GetActiveSource, api.GetActiveSourceRequestObject{}, func(a api.GetActiveSource200JSONResponse) { v.Active = &a.Body })
	read(ctx, v, "status.history", s.Studio.Operations.ListActivations, api.ListActivationsRequestObject{Params: api.ListActivationsParams{Limit: new(readSwitches)}},
		func(a api.ListActivations200JSONResponse) { v.Switches = a })
	read(ctx, v, "status.doubts", s.Studio.Operations.ListPlaylog, api.ListPlaylogRequestObject{Params: api.ListPlaylogParams{Limit: new(readPlays), Source: new(api.All)}},
		func(a api.ListPlaylog200JSONResponse) {
			v.Doubtful = slices.DeleteFunc(a.Body, func(e api.PlaylogEntry) bool { return len(e.Doubts) == 0 })
		})
}

// readHoles reads what is missing today.
func (s *Site) readHoles(ctx context.Context, v *status, kept *statusKept) {
	var isKept bool
	if v.Holes, isKept = kept.keptHoles(v.Now); isKept {
		return
	}
	today := s.today()
	read(ctx, v, "status.holes", s.Studio.Operations.ListHolesOfDays, api.ListHolesOfDaysRequestObject{Params: api.ListHolesOfDaysParams{From: today, To: today}},
		func(a api.ListHolesOfDaysResponseObject) {
			w := &heldAnswer{header: http.Header{}}
			err := a.VisitListHolesOfDaysResponse(w)
			if err == nil {
				err = json.Unmarshal(w.body.Bytes(), &v.Holes)
			}
			v.note("status.holes", err)
			if err == nil {
				kept.keepHoles(v.Holes, v.Now)
			}
		})
}

// read calls an operation, and hands its good answer over.
func read[Q, A any, R any](ctx context.Context, v *status, part string, operation func(context.Context, Q) (A, error), request Q, good func(R)) {
	answer, err := operation(ctx, request)
	if r, ok := any(answer).(R); ok && err == nil {
		good(r)
	}
	v.note(part, err)
}

// note remembers that a part can't be read. Of some, nothing was ever stored.
func (s *status) note(part string, err error) {
	if err == nil || errors.Is(err, model.ErrNotFound) {
		return
	}
	s.Unknown[part] = ""
	if detail := httpserver.ProblemOf(err).Detail; detail != nil {
		s.Unknown[part] = *detail
	}
}

// readEngines reads what belongs to each engine.
func (s *Site) readEngines(ctx context.Context, v *status, kept *statusKept) {
	var maintained []api.Maintenance
	if s.Studio.Maintenance != nil {
		read(ctx, v, "status.maintenance", s.Studio.Maintenance.ListMaintenance, api.ListMaintenanceRequestObject{},
			func(a api.ListMaintenance200JSONResponse) { maintained = a })
	}
	names := maps.Clone(s.Studio.Sources)
	if v.Active != nil {
		names[v.Active.ActiveSource] = s.Studio.Sources[v.Active.ActiveSource]
	}
	for _, number := range slices.Sorted(maps.Keys(names)) {
		e := engine{Number: number, Name: names[number], Active: v.Active != nil && v.Active.ActiveSource == number}
		e.Pinned = e.Active && v.Active.Pinned
		e.Maintenance = first(maintained, func(m api.Maintenance) bool { return m.Source == number && m.On })
		e.Node = first(v.Nodes(), func(n api.NodeState) bool { return n.Number == number })
		e.Seen = seenBy(v.Monitors, number)
		e.Reigns = reigns(v.Switches, number, v.Now)
		s.readHealth(ctx, v, &e, kept.historyOf(number, v.Now))
		v.Engines = append(v.Engines, e)
	}
}

// readHealth reads what an engine said about itself.
func (s *Site) readHealth(ctx context.Context, v *status, e *engine, before *history) {
	p := api.GetHealthParams{Limit: new(readStates), FromDate: new(before.since(v.From).UTC().Format(time.RFC3339Nano))}
	read(ctx, v, "status.health", s.Studio.Operations.GetHealth, api.GetHealthRequestObject{Number: e.Number, Params: p}, func(a api.GetHealth200JSONResponse) {
		e.Health = new(api.Health(a))
		if a.History != nil {
			e.Spans = before.add(*a.History, v.From, v.Now)
		}
	})
}

// first is the first that is wanted, nil if none is.
func first[T any](all []T, wanted func(T) bool) *T {
	if i := slices.IndexFunc(all, wanted); i >= 0 {
		return &all[i]
	}
	return nil
}

// seenBy is what the monitor that acts sees of a source, otherwise what any sees.
func seenBy(monitors []monitorView, number int) (seen *api.MonitorSource) {
	for _, m := range monitors {
		if m.Said == nil || seen != nil && !m.Said.Acting {
			continue
		}
		if source := first(m.Said.Sources, func(s api.MonitorSource) bool { return s.Number == number }); source != nil {
			seen = source
		}
	}
	return seen
}

// reigns are the times in which a source was active.
func reigns(switches []api.ActivationRecord, number int, now time.Time) (all []span) {
	for _, a := range switches {
		until := now
		if a.To != nil {
			until = a.To.Time
		}
		if a.Source == number {
			all = append(all, span{From: a.From.Time, Until: until})
		}
	}
	return all
}
