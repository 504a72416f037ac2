package web

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/stationtime"
)

// mostShifted is how many entries a form shifts at most. The command
// engine-api correct shift moves more.
const mostShifted = 500

// shift is the form that moves the starts of many entries by one time.
type shift struct {
	correction
	Direction          string
	IsIfNearer, IsUndo bool
	// Moves are what will be, and Left what stays as it is.
	Moves, Left []move
	// StoredReason is that of the amendments.
	StoredReason string
	// Result is what became of it.
	Result *shifted
}

// move is an entry with its new start, or why it stays.
type move struct {
	Entry entry
	To    time.Time
	Left  string
}

// shifted counts what became of entries.
type shifted struct{ Moved, Left, Refused int }

// shiftFields are the inputs of the form.
var shiftFields = []field{
	{Name: "from", Type: "moment", IsNeeded: true}, {Name: "to", Type: "moment", IsNeeded: true}, {Name: "source", Type: "source", IsNeeded: true},
	{Name: "by_length", Type: "length", IsNeeded: true},
}

// shiftForm reads the form with get, from the address or from what was posted.
func (s *Site) shiftForm(get func(string) string) *shift {
	f := &shift{
		correction: correction{Fields: slices.Clone(shiftFields), By: get("by"), Reason: get("reason")},
		Direction:  get("direction"), IsIfNearer: get("nearer") != "", IsUndo: get("undo") != "",
	}
	for i := range f.Fields {
		f.Fields[i].Value = get(f.Fields[i].Name)
	}
	return f
}

// Input is an input by its name.
func (f *shift) Input(name string) field {
	return f.Fields[slices.IndexFunc(f.Fields, func(one field) bool { return one.Name == name })]
}

// query is the form in an address, so that the same shift can be taken back.
func (f *shift) query(more ...string) string {
	pairs := append(more, "direction", f.Direction, "reason", f.Reason)
	for _, one := range f.Fields {
		pairs = append(pairs, one.Name, one.Value)
	}
	if f.IsIfNearer {
		pairs = append(pairs, "nearer", "1")
	}
	return "/correct/shift?" + encoded(pairs...)
}

// Undo is the address of the form that takes this shift back.
func (f *shift) Undo() string { return f.query("undo", "1") }

func (s *Site) shiftView(t catalogue, f *shift) view {
	template := "shift"
	if f.IsPreview {
		template = "shiftpreview"
	}
	return view{template: template, title: t.T("correct.shift"), status: f.status(), body: f}
}

// showShift shows the form, and what became of the shift that was saved just now.
func (s *Site) showShift(c *gin.Context, t catalogue) (view, error) {
	f := s.shiftForm(c.Query)
	f.By = author(c)
	if moved, err := strconv.Atoi(c.Query("moved")); err == nil {
		left, _ := strconv.Atoi(c.Query("left"))
		refused, _ := strconv.Atoi(c.Query("refused"))
		f.Result, f.IsUndo = &shifted{moved, left, refused}, c.Query("undone") != ""
	}
	return s.shiftView(t, f), nil
}

// shiftEntries previews a shift, and carries it out when the preview is confirmed.
func (s *Site) shiftEntries(c *gin.Context, t catalogue) (_ view, next string, _ error) {
	f := s.shiftForm(func(name string) string { return c.PostForm(name) })
	step := c.PostForm("step")
	if step == stepEdit {
		return s.shiftView(t, f), "", nil
	}
	err := s.plan(c, f)
	if err == nil && step == stepSave {
		var done shifted
		done, err = s.carryOut(c, f)
		if err == nil {
			outcome := []string{"moved", strconv.Itoa(done.Moved), "left", strconv.Itoa(done.Left), "refused", strconv.Itoa(done.Refused)}
			if f.IsUndo {
				outcome = append(outcome, "undone", "1")
			}
			return view{}, f.query(outcome...), nil
		}
		f.Result = &done // what was done stays
	}
	if err != nil {
		if err := f.refused(err); err != nil {
			return view{}, "", err
		}
		return s.shiftView(t, f), "", nil
	}
	f.IsPreview = true
	return s.shiftView(t, f), "", nil
}

// plan decides about every entry, by the rule of the command.
func (s *Site) plan(c *gin.Context, f *shift) error {
	from, to, source, rule, err := s.readShift(f)
	if err != nil {
		return err
	}
	firstNow, lastNow := from, to
	if f.IsUndo {
		firstNow, lastNow = from.Add(rule.By), to.Add(rule.By)
	}
	var chosen []entry
	isCut, err := s.eachEntry(c, api.ListPlaylogParams{
		Source: new(api.All), FromDate: new(s.Zone.Stamp(firstNow).String()), ToDate: new(s.Zone.Stamp(lastNow).String()), Limit: new(readEntries),
	}, func(e api.PlaylogEntry) {
		if e.LogSource == source {
			chosen = append(chosen, entry{e})
		}
	})
	if err != nil {
		return err
	}
	if isCut || len(chosen) > mostShifted {
		return model.Invalid("to", f.Input("to").Value, fmt.Sprintf("must choose at most %d entries: choose a shorter time, or use the command engine-api correct shift", mostShifted))
	}
	slices.Reverse(chosen) // the oldest first
	for _, e := range chosen {
		m, err := s.moveOf(c, f, e, rule, from, to)
		if err != nil {
			return err
		}
		if m.Left != "" {
			f.Left = append(f.Left, m)
		} else {
			f.Moves = append(f.Moves, m)
		}
	}
	return nil
}

// readShift reads what the form says. The error names every mistake.
func (s *Site) readShift(f *shift) (from, to time.Time, source int, rule playlog.Shift, _ error) {
	var wrong []model.FieldError
	refuse := func(name, value, why string) { wrong = append(wrong, model.NewFieldError(name, value, why)) }
	var err error
	if from, err = s.Zone.From(f.Input("from").Value); err != nil {
		refuse("from", f.Input("from").Value, err.Error())
	}
	if to, err = s.Zone.To(f.Input("to").Value); err != nil {
		refuse("to", f.Input("to").Value, err.Error())
	} else if to.Before(from) {
		refuse("to", f.Input("to").Value, "must not be before the first start")
	}
	if source, err = strconv.Atoi(f.Input("source").Value); err != nil {
		refuse("source", f.Input("source").Value, "is required: the source whose clock was wrong")
	}
	seconds, err := strconv.ParseFloat(inSeconds(f.Input("by_length").Value), 64)
	rule = playlog.Shift{By: time.Duration(seconds * float64(time.Second)).Truncate(time.Microsecond), Reason: f.Reason, IfNearer: f.IsIfNearer}
	if err != nil || rule.By <= 0 || rule.By > 366*24*time.Hour {
		refuse("by_length", f.Input("by_length").Value, "must be a length such as 1:00:00 or 0:30")
	}
	if f.Direction == "earlier" {
		rule.By = -rule.By
	}
	if f.By == "" {
		refuse("by", "", "is required: who makes the correction")
	}
	if f.Reason == "" {
		refuse("reason", "", "is required: why the correction is made")
	}
	if wrong != nil {
		return from, to, source, rule, &model.InvalidError{Fields: wrong}
	}
	return from, to, source, rule, nil
}

// moveOf decides about an entry.
func (s *Site) moveOf(c *gin.Context, f *shift, e entry, rule playlog.Shift, from, to time.Time) (m move, _ error) {
	m.Entry = e
	var earlier []model.Correction
	if e.IsCorrected {
		stored, err := s.corrections(c, e.Id)
		if err != nil {
			return m, err
		}
		for _, one := range stored {
			earlier = append(earlier, model.Correction{Reason: one.Reason, Changes: startIn(one.Changes), Before: startIn(one.Before)})
		}
	}
	start := model.Entry{TrackStart: e.TrackStart.UTC(), Manual: e.IsManual}
	if e.ReceivedAt != nil {
		start.ReceivedAt = e.ReceivedAt.UTC()
	}
	amendment, left := rule.Of(&start, earlier)
	if f.IsUndo {
		amendment, left = rule.Undo(&start, earlier, from, to)
	}
	if m.Left = left; left == "" {
		m.To, f.StoredReason = *amendment.Changes.TrackStart, amendment.Reason
	}
	return m, nil
}

// startIn is the start among the values of a correction.
func startIn(values *api.ChangedValues) (c model.Changes) {
	if values == nil {
		return c
	}
	if at, ok := (*values)["track_start"].(stationtime.Stamp); ok {
		c.TrackStart = new(at.UTC())
	}
	return c
}

// carryOut amends one entry after the other. One that is refused does not hold up the
// others. What was done stays if the rest fails: the same shift completes it.
func (s *Site) carryOut(c *gin.Context, f *shift) (done shifted, _ error) {
	done.Left = len(f.Left)
	for _, m := range f.Moves {
		start := field{Name: "track_start", Value: stationtime.UTC(m.To).String()}
		_, err := s.Studio.Operations.CorrectEntry(c, api.CorrectEntryRequestObject{Id: m.Entry.Id, Body: &api.CorrectionRequest{
			Kind: model.CorrectionAmend, By: f.By, Reason: f.StoredReason, Changes: new(wire([]field{start})),
		}})
		switch {
		case err == nil:
			done.Moved++
		case httpserver.ProblemOf(err).Status < 500:
			done.Refused++
		default:
			return done, err
		}
	}
	return done, nil
}
