package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/sse"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/pkg/web/views"
)

// StreamRadioDNSOnFM pushes what plays to receivers on FM.
func (a *API) StreamRadioDNSOnFM(ctx context.Context, r api.StreamRadioDNSOnFMRequestObject) (api.StreamRadioDNSOnFMResponseObject, error) {
	return a.radioDNS(ctx, r.Params.Delay, "fm", r.Gcc, r.Pi, r.Frequency)
}

// StreamRadioDNSOnDAB pushes what plays to receivers on DAB.
func (a *API) StreamRadioDNSOnDAB(ctx context.Context, r api.StreamRadioDNSOnDABRequestObject) (api.StreamRadioDNSOnDABResponseObject, error) {
	return a.radioDNS(ctx, r.Params.Delay, "dab", r.Gcc, r.Ensemble, r.Service, r.Component)
}

func (a *API) radioDNS(ctx context.Context, delay *float64, bearer ...string) (streamAnswer, error) {
	if !a.Views.IsHeardOn(strings.Join(bearer, "/")) {
		return nil, model.ErrNotFound
	}
	d := viewDelay(delay)
	return func(w http.ResponseWriter) error {
		return a.Current.ServeAs(w, requestOf(ctx), d, &receiver{api: a, delay: d})
	}, nil
}

// VisitStreamRadioDNSOnFMResponse serves the stream.
func (write streamAnswer) VisitStreamRadioDNSOnFMResponse(w http.ResponseWriter) error {
	return write(w)
}

// VisitStreamRadioDNSOnDABResponse serves the stream.
func (write streamAnswer) VisitStreamRadioDNSOnDABResponse(w http.ResponseWriter) error {
	return write(w)
}

// receiver is RadioDNS's form of the stream, for one receiver. It is kept alive as the
// stream's own form is.
type receiver struct {
	sse.Plain
	api   *API
	delay trackservice.Delay
	told  []byte // what it was told last
}

// First implements sse.Form.
func (r *receiver) First(ctx context.Context, _ []*sse.Event) ([]byte, error) {
	h, err := r.api.lately(model.ForVisitor(ctx), r.delay)
	if err != nil {
		return nil, err
	}
	now := r.api.Now()
	said, err := h.displayed.message(now, func() ([]byte, error) {
		return displayed(views.NewDisplayed(r.api.station(), h.at(now), r.api.Views.Image))
	})
	if err != nil || bytes.Equal(said, r.told) {
		return nil, err
	}
	r.told = said
	return said, nil
}

// Next implements sse.Form.
func (r *receiver) Next(ctx context.Context, events []*sse.Event) ([]byte, error) {
	return r.First(ctx, events)
}

// displayed are the events that say what receivers show.
func displayed(d views.Displayed) ([]byte, error) {
	text, err := json.Marshal(map[string]string{"body": d.Text})
	image, imageErr := json.Marshal(map[string]string{"src": d.Image})
	if err := errors.Join(err, imageErr); err != nil {
		return nil, fmt.Errorf("render what receivers show: %w", err)
	}
	said := fmt.Appendf(nil, "event: text\ndata: %s\n\n", text)
	if d.Image != "" {
		said = fmt.Appendf(said, "event: image\ndata: %s\n\n", image)
	}
	return said, nil
}
