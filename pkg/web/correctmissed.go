package web

import (
	"path"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
)

// missedForm is the form for an entry that was not logged, with what the address says,
// such as that of a hole.
func (s *Site) missedForm(c *gin.Context) *correction {
	source := field{Name: "log_source", Type: "source", IsNeeded: true}
	m := &correction{Fields: append([]field{source}, entryFields...), usual: 1 + usualFields, By: author(c)}
	for i := range m.Fields {
		m.Fields[i].Value = c.Query(m.Fields[i].Name)
	}
	return m
}

func (s *Site) missedView(t catalogue, m *correction) view {
	template := "missed"
	if m.IsPreview {
		template = "missedpreview"
	}
	return view{template: template, title: t.T("correct.missed"), status: m.status(), body: m}
}

// showMissed shows the form for a missed entry.
func (s *Site) showMissed(c *gin.Context, t catalogue) (view, error) {
	return s.missedView(t, s.missedForm(c)), nil
}

// logMissed previews a missed entry, and logs it when the preview is confirmed.
func (s *Site) logMissed(c *gin.Context, t catalogue) (_ view, next string, _ error) {
	m := s.missedForm(c)
	m.typed(c)
	step := c.PostForm("step")
	if step == stepEdit {
		return s.missedView(t, m), "", nil
	}
	answer, err := s.Studio.Operations.LogMissedEntry(c, api.LogMissedEntryRequestObject{
		Params: api.LogMissedEntryParams{DryRun: new(step != stepSave)},
		Body:   &api.MissedEntry{By: m.By, Reason: m.Reason, Entry: wire(m.Changed())},
	})
	if err != nil {
		if err := m.refused(err); err != nil {
			return view{}, "", err
		}
		return s.missedView(t, m), "", nil
	}
	if logged, ok := answer.(api.LogMissedEntry201JSONResponse); ok {
		return view{}, "/correct/entry/" + path.Base(*logged.Headers.Location) + "?done=log", nil
	}
	m.IsPreview = true
	return s.missedView(t, m), "", nil
}
