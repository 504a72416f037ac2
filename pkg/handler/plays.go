package handler

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/lenient"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// maxPlays is how many entries a list may have.
const maxPlays = 1000

// record stores an entry. If the body is a list, there is a result for each of
// its entries.
func (a *API) record(ctx context.Context, body api.PlayOrList) ([]api.PlayResult, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		return nil, a.recordOne(ctx, body, a.Lives.Played)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, model.Invalid("body", "", "must be a list of objects")
	}
	if len(list) > maxPlays {
		return nil, model.Invalid("body", "", fmt.Sprintf("must have at most %d entries, and has %d", maxPlays, len(list)))
	}
	return a.recordAll(ctx, list)
}

// recordAll stores each entry as if it came alone. Those that are refused are
// told together. If one can't be stored now, the rest is not tried. Error: that
// nothing can be stored now.
func (a *API) recordAll(ctx context.Context, list []json.RawMessage) ([]api.PlayResult, error) {
	results := make([]api.PlayResult, len(list))
	var refused []json.RawMessage
	var first error
	for i, raw := range list {
		err := a.recordOne(lenient.OfElement(ctx, i), raw, func(int) {}) // a list is no sign of life: it tells what was
		if err == nil {
			results[i].Status = http.StatusNoContent
			continue
		}
		p := httpserver.ProblemOf(err)
		results[i] = api.PlayResult{Status: p.Status, Detail: p.Detail, Errors: p.Errors}
		if _, invalid := errors.AsType[*model.InvalidError](err); invalid {
			refused, first = append(refused, raw), cmp.Or(first, err)
			continue
		}
		if i == 0 {
			return nil, err
		}
		a.Log.Error().Err(err).Int("stored", i).Int("entries", len(list)).Msg("the rest of a list of plays can't be stored now")
		for rest := i + 1; rest < len(list); rest++ {
			results[rest] = results[i]
		}
		break
	}
	if refused != nil {
		body, err := json.Marshal(refused)
		if err != nil {
			return nil, fmt.Errorf("collect refused entries: %w", err)
		}
		httpserver.Refuse(ctx, body, first)
	}
	return results, nil
}

// recordOne stores an entry, and tells played who played it.
func (a *API) recordOne(ctx context.Context, raw json.RawMessage, played func(source int)) error {
	body, err := api.ReadObject(raw)
	if err != nil {
		return model.Invalid("body", "", "must be an object")
	}
	p, err := a.play(ctx, body)
	if err != nil {
		return err
	}
	if isNow(ctx) {
		played(p.Entry.LogSource)
	}
	return a.Recorder.Record(ctx, p)
}
