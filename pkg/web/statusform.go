package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// act makes a handler of what a form of the status page does. Afterwards the page
// is shown, with the reason if it was refused.
func (s *Site) act(do func(c *gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		err := do(c.Copy())
		if err == nil {
			lead(c, "/status")
			return
		}
		p := httpserver.ProblemOf(err)
		if p.Status == http.StatusInternalServerError {
			httpserver.Fail(c, err) // the log has the cause
			return
		}
		t, _ := s.catalogue(c) // of a language that does not exist, the station's
		v, err := s.statusAfter(c.Copy(), t, &p)
		if err != nil {
			httpserver.Fail(c, err)
			return
		}
		s.write(c, t, v)
	}
}

// activate activates a source, and holds it there or not.
func (s *Site) activate(c *gin.Context) error {
	number, err := numberIn(c, "source")
	if err != nil {
		return err
	}
	epoch, err := numberIn(c, "epoch")
	if err != nil {
		return err
	}
	_, err = s.Studio.Operations.ActivateSource(c, api.ActivateSourceRequestObject{
		Number: number,
		Params: api.ActivateSourceParams{
			Pin: new(c.PostForm("pin") != ""), Known: new(true),
			// What the person saw: somebody else may have switched meanwhile.
			IfMatch: new(strconv.Quote(strconv.Itoa(epoch))),
		},
		Body: &api.ActivationRequest{Reason: reasonIn(c)},
	})
	return err
}

// maintain says that somebody works on a source, or has finished.
func (s *Site) maintain(c *gin.Context) error {
	number, err := numberIn(c, "source")
	if err != nil {
		return err
	}
	_, err = s.Studio.Maintenance.SetMaintenance(c, api.SetMaintenanceRequestObject{
		Number: number, Body: &api.MaintenanceRequest{On: c.PostForm("on") != "", Reason: reasonIn(c)},
	})
	return err
}

func numberIn(c *gin.Context, field string) (int, error) {
	text := c.PostForm(field)
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0, model.Invalid(field, text, "must be a number")
	}
	return number, nil
}

func reasonIn(c *gin.Context) *api.LooseText {
	return new(api.LooseText(strings.TrimSpace(c.PostForm("reason"))))
}
