package web

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// correctedEntry is an entry with every correction, and the form for another one.
type correctedEntry struct {
	correction
	Entry entry
	// Kind is that of the correction that is previewed, and Preview what it will be.
	Kind    string
	Preview *api.Correction
	Audit   []api.Correction
	// Done is the kind of the correction that was saved just now.
	Done string
}

// kindConfirm is an amendment of a doubtful start to itself.
const kindConfirm = "confirm"

// IsDoubtful: there is a doubt about the start, which can be confirmed.
func (e *correctedEntry) IsDoubtful() bool {
	return slices.ContainsFunc(e.Entry.Doubts, func(d api.Doubt) bool { return d.Field == "track_start" })
}

// Rows are the values that a correction changes, before and after.
func (p *page) Rows(c api.Correction) (rows []changedRow) {
	if c.Changes == nil {
		return nil
	}
	for _, f := range entryFields {
		value, ok := (*c.Changes)[f.Name]
		if !ok {
			continue
		}
		row := changedRow{Name: f.Name, After: p.changed(f.Name, value), Before: "–"}
		if c.Before != nil {
			row.Before = p.changed(f.Name, (*c.Before)[f.Name])
		}
		rows = append(rows, row)
	}
	return rows
}

// changedRow is a value before and after a correction.
type changedRow struct{ Name, Before, After string }

// changed is a value of an answer in the process, as people read it.
func (p *page) changed(name string, value any) string {
	values, err := valuesOf(map[string]any{name: value})
	if err != nil {
		return fmt.Sprint(value)
	}
	return p.Value(name, values[name])
}

// showEntry shows an entry.
func (s *Site) showEntry(c *gin.Context, t catalogue) (view, error) {
	shown, err := s.readEntry(c)
	if err != nil {
		return view{}, err
	}
	shown.By, shown.Done = author(c), c.Query("done")
	return s.entryView(t, shown), nil
}

func (s *Site) entryView(t catalogue, e *correctedEntry) view {
	template := "entry"
	if e.IsPreview {
		template = "entrypreview"
	}
	return view{template: template, title: t.T("correct.entry"), status: e.status(), body: e}
}

// readEntry reads the entry that the address names, with its corrections.
func (s *Site) readEntry(c *gin.Context) (*correctedEntry, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return nil, model.ErrNotFound
	}
	answer, err := s.Studio.Operations.GetPlaylogEntry(c, api.GetPlaylogEntryRequestObject{Id: id})
	if err != nil {
		return nil, err
	}
	found, ok := answer.(api.GetPlaylogEntry200JSONResponse)
	if !ok {
		return nil, fmt.Errorf("read an entry: %T is not expected", answer)
	}
	shown := &correctedEntry{Entry: entry{api.PlaylogEntry(found)}}
	if shown.Fields, err = s.fieldsOf(shown.Entry.PlaylogEntry); err != nil {
		return nil, err
	}
	shown.usual = usualFields
	shown.Audit, err = s.corrections(c, id)
	return shown, err
}

// corrections are those of an entry, the oldest first.
func (s *Site) corrections(c *gin.Context, id int64) ([]api.Correction, error) {
	answer, err := s.Studio.Operations.ListCorrections(c, api.ListCorrectionsRequestObject{Id: id})
	if err != nil {
		return nil, err
	}
	list, ok := answer.(api.ListCorrections200JSONResponse)
	if !ok {
		return nil, fmt.Errorf("list corrections: %T is not expected", answer)
	}
	return list, nil
}

// correctEntry previews a correction, and saves it when the preview is confirmed.
func (s *Site) correctEntry(c *gin.Context, t catalogue) (_ view, next string, _ error) {
	e, err := s.readEntry(c)
	if err != nil {
		return view{}, "", err
	}
	e.typed(c)
	e.Kind = c.PostForm("kind")
	step := c.PostForm("step")
	if step == stepEdit {
		return s.entryView(t, e), "", nil
	}
	body := api.CorrectionRequest{Kind: api.CorrectionRequestKind(e.Kind), By: e.By, Reason: e.Reason}
	switch e.Kind {
	case model.CorrectionAmend:
		body.Changes = new(wire(e.Changed()))
	case kindConfirm:
		body.Kind, body.Changes = api.CorrectionRequestKindAmend, new(wire(e.Fields[:1]))
	}
	answer, err := s.Studio.Operations.CorrectEntry(c, api.CorrectEntryRequestObject{
		Id: e.Entry.Id, Params: api.CorrectEntryParams{DryRun: new(step != stepSave)}, Body: &body,
	})
	switch checked := answer.(type) {
	case api.CorrectEntry201JSONResponse:
		return view{}, fmt.Sprintf("/correct/entry/%d?done=%s", e.Entry.Id, checked.Body.Kind), nil
	case api.CorrectEntry200JSONResponse:
		e.Preview, e.IsPreview = new(api.Correction(checked)), true
	default:
		if err := e.refused(err); err != nil {
			return view{}, "", err
		}
	}
	return s.entryView(t, e), "", nil
}
