package handler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
)

const defaultLimit = 50

// listParams are the query parameters that lists of entries have in common.
type listParams struct {
	page, limit         *int
	after, fromDate, to *string
}

// query reads the parameters.
func (a *API) query(p listParams) (model.EntryQuery, error) {
	q := model.EntryQuery{Limit: valueOr(p.limit, defaultLimit)}
	q.Offset = valueOr(p.page, 0) * q.Limit
	var wrong []model.FieldError
	refuse := func(name, value string, err error) {
		wrong = append(wrong, model.NewFieldError(name, value, err.Error()))
	}
	var err error
	if after := valueOr(p.after, ""); after != "" {
		if q.After, err = parseCursor(after); err != nil {
			refuse("after", after, err)
		}
	}
	if from := valueOr(p.fromDate, ""); from != "" {
		if q.From, err = a.Zone.From(from); err != nil {
			refuse("from_date", from, err)
		}
		q.From = model.Within(q.From)
	}
	if to := valueOr(p.to, ""); to != "" {
		if q.To, err = a.Zone.To(to); err != nil {
			refuse("to_date", to, err)
		}
		q.To = model.Within(q.To)
	}
	if wrong != nil {
		return q, &model.InvalidError{Fields: wrong}
	}
	return q, nil
}

func valueOr[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// page is a part of a list, with the headers that describe the rest.
type page struct {
	entries []model.Entry
	total   *int
	link    *string
}

// page reads one page of a list.
func (a *API) page(ctx context.Context, log EntryLog, q model.EntryQuery) (page, error) {
	count, err := log.CountEntries(ctx, q)
	if err != nil {
		return page{}, err
	}
	more := q
	more.Limit++ // to see whether there is a next page
	entries, err := log.Entries(ctx, more)
	if err != nil {
		return page{}, err
	}
	var next *model.Position
	if len(entries) > q.Limit {
		entries = entries[:q.Limit]
		last := model.PositionOf(entries[q.Limit-1])
		next = &last
	}
	total := int(count)
	link := links(requestOf(ctx).URL, q, next)
	return page{entries: entries, total: &total, link: &link}, nil
}

// links is the Link header of a page; next is nil on the last one.
func links(at *url.URL, q model.EntryQuery, next *model.Position) string {
	var list []string
	add := func(rel, name, value string) {
		query := at.Query()
		query.Del("page")
		query.Del("after")
		if name != "" {
			query.Set(name, value)
		}
		target := url.URL{Path: at.Path, RawQuery: query.Encode()}
		list = append(list, fmt.Sprintf("<%s>; rel=%q", target.String(), rel))
	}
	add("first", "", "")
	if q.After == nil && q.Offset > 0 {
		add("prev", "page", strconv.Itoa(q.Offset/q.Limit-1))
	}
	if next != nil {
		add("next", "after", cursor(*next))
	}
	return strings.Join(list, ", ")
}

// cursor writes a position in a list in the form that URLs carry: microseconds
// since 1970, and the entry's number.
func cursor(p model.Position) string {
	return strconv.FormatInt(p.PlayedAt.UnixMicro(), 10) + "-" + strconv.FormatInt(p.ID, 10)
}

func parseCursor(s string) (*model.Position, error) {
	at, number, _ := strings.Cut(s, "-")
	micros, err := strconv.ParseInt(at, 10, 64)
	id, err2 := strconv.ParseInt(number, 10, 64)
	p := model.Position{PlayedAt: time.UnixMicro(micros).UTC(), ID: id}
	if cmp.Or(err, err2) != nil || p.PlayedAt != model.Within(p.PlayedAt) || id < 1 || cursor(p) != s {
		return nil, errors.New("must be copied unchanged from the Link header of a list")
	}
	return &p, nil
}
