package handler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
)

const defaultLimit = 50

// listParams are the query parameters that lists of entries have in common.
type listParams struct {
	page, offset, limit *int
	after, fromDate, to *string
}

// offset is how many elements of a list are left out. The error is an
// *model.InvalidError.
func offset(page, offset *int, limit int) (int, error) {
	byPage := valueOr(page, 0) * limit
	switch {
	case offset == nil:
		return byPage, nil
	case page != nil && byPage != *offset:
		return 0, model.Invalid("offset", strconv.Itoa(*offset), fmt.Sprintf("must be left out beside page: page %d of %d each begins at %d", *page, limit, byPage))
	}
	return *offset, nil
}

// query reads the parameters.
func (a *API) query(p listParams) (model.EntryQuery, error) {
	q := model.EntryQuery{Limit: valueOr(p.limit, defaultLimit)}
	var wrong []model.FieldError
	refuse := func(name, value string, err error) {
		wrong = append(wrong, model.NewFieldError(name, value, err.Error()))
	}
	var err error
	q.Offset, err = offset(p.page, p.offset, q.Limit)
	if invalid, ok := errors.AsType[*model.InvalidError](err); ok {
		wrong = append(wrong, invalid.Fields...)
	}
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

// checkOffset refuses a place in a list that would be reached too slowly. what makes
// the list one without numbers.
func checkOffset(q model.EntryQuery, most int, what string) error {
	if q.After != nil || q.Offset <= most {
		return nil
	}
	return model.Invalid("offset", strconv.Itoa(q.Offset), fmt.Sprintf("must be at most %d with %s; the Link header leads to what comes next, at any depth", most, what))
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
	total, err := total(ctx, log, q)
	if err != nil {
		return page{}, err
	}
	more := q
	more.Limit++ // to see whether there is a next page
	beyond, err := search(ctx, log, &more, cmp.Or(a.searched, mostSearched))
	if err != nil {
		return page{}, err
	}
	entries, err := log.Entries(ctx, more)
	if err != nil {
		return page{}, err
	}
	entries, next := cut(q, entries, model.PositionOf)
	isBehindAll := len(entries) == 0 && q.After == nil && q.Offset > 0
	if next == nil && !isBehindAll {
		next = beyond
	}
	link := linkHeader(queryOf(ctx), q, next)
	return page{entries: entries, total: total, link: &link}, nil
}

// listed reads one page of a list of which the length is not counted.
func listed(ctx context.Context, q model.EntryQuery, read func(model.EntryQuery) ([]model.Entry, error)) (page, error) {
	more := q
	more.Limit++ // to see whether there is a next page
	entries, err := read(more)
	if err != nil {
		return page{}, err
	}
	entries, next := cut(q, entries, model.PositionOf)
	link := linkHeader(queryOf(ctx), q, next)
	return page{entries: entries, link: &link}, nil
}

// mostSearched is how many tracks are looked at to find those with a name. A station may
// have millions, and hardly any with a name.
const mostSearched = 10_000

// search bounds a search for tracks with a name to so many tracks. It returns from where
// the next page goes on if this one finds no more; nil if the search ends with the list.
func search(ctx context.Context, log EntryLog, q *model.EntryQuery, tracks int) (beyond *model.Position, err error) {
	if !q.Named {
		return nil, nil
	}
	first := model.EntryQuery{To: q.To, Offset: tracks, Limit: 1}
	if q.After != nil {
		first.To = q.After.PlayedAt
	}
	left, err := log.Entries(ctx, first)
	if err != nil || len(left) == 0 {
		return nil, err
	}
	q.From = model.PositionOf(left[0]).PlayedAt.Add(time.Microsecond)
	return &model.Position{PlayedAt: q.From, ID: 1}, nil // nothing of that time has a smaller number
}

// cut leaves out what is beyond the page. next is where the rest begins, nil if there
// is none.
func cut[E any](q model.EntryQuery, entries []E, position func(E) model.Position) (_ []E, next *model.Position) {
	if len(entries) <= q.Limit {
		return entries, nil
	}
	entries = entries[:q.Limit]
	return entries, new(position(entries[q.Limit-1]))
}

// total is how long a list is; nil if it would take too long to count.
func total(ctx context.Context, log EntryLog, q model.EntryQuery) (*int, error) {
	if q.Named { // no number is kept
		return nil, nil
	}
	count, err := log.CountEntries(ctx, q)
	return new(int(count)), err
}

// linkHeader is the Link header of a page; next is nil on the last one. Its
// references are queries alone. So they do not depend on what a proxy made of
// the path, and none is empty, which would mean the same page.
func linkHeader(query url.Values, q model.EntryQuery, next *model.Position) string {
	by, prev := "page", q.Offset/q.Limit-1
	if query.Has("offset") {
		by, prev = "offset", max(0, q.Offset-q.Limit)
	}
	var list []string
	add := func(rel, name, value string) {
		target := maps.Clone(query)
		for _, place := range []string{"page", "offset", "after"} {
			target.Del(place)
		}
		target.Set(name, value)
		list = append(list, fmt.Sprintf("<?%s>; rel=%q", target.Encode(), rel))
	}
	add("first", by, "0")
	if q.After == nil && q.Offset > 0 {
		add("prev", by, strconv.Itoa(prev))
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
