package handler

import (
	"context"
	"time"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/titles"
	"aura.radio/engine/pkg/trackservice"
)

// Titles knows the titles that listeners heard; *repo.OnAirLog implements it.
type Titles interface {
	// Titles are those that have all words, most played first.
	Titles(ctx context.Context, words titles.Words, now time.Time, limit int) ([]titles.Title, error)
	// Title is model.ErrNotFound if it was never played.
	Title(ctx context.Context, key titles.Key, now time.Time) (titles.Title, error)
	PlaysOf(ctx context.Context, key titles.Key, q model.EntryQuery) ([]model.Entry, error)
	MostPlayed(ctx context.Context, p titles.Period, now time.Time, newOnly bool, limit int) ([]titles.Counted, error)
	// Search finds the plays of titles that have all words.
	Search(ctx context.Context, words titles.Words, q model.EntryQuery) ([]model.Entry, error)
}

const (
	defaultTitles = 20
	// maxFoundOffset is how many plays may be left out at the beginning of what was
	// found, because all of them are looked for. maxPlaysOffset is the same for the
	// plays of one title, which are in order.
	maxFoundOffset = 1000
	maxPlaysOffset = 5000
)

// words reads what a person searches.
func words(q string) (titles.Words, error) {
	words := titles.ParseWords(q)
	if len(words) == 0 {
		return nil, model.Invalid("q", q, "must have a word of the artist or the title")
	}
	return words, nil
}

// found are the plays that a person searches.
func (a *API) found(ctx context.Context, text string, q model.EntryQuery, l listening) (page, error) {
	words, err := words(text)
	if err == nil {
		err = checkOffset(q, maxFoundOffset, "q")
	}
	if err != nil {
		return page{}, err
	}
	until, err := trackservice.UntilNow(ctx, a.OnAir, &q, l.heard)
	if err != nil {
		return page{}, err
	}
	found, err := listed(ctx, q, func(q model.EntryQuery) ([]model.Entry, error) { return a.Titles.Search(ctx, words, q) })
	if err != nil {
		return page{}, err
	}
	l.keep(ctx, until, found.entries...)
	return found, nil
}

// keepTitles has an answer about titles kept until something begins.
func (a *API) keepTitles(ctx context.Context, now time.Time) error {
	until, err := trackservice.UntilNow(ctx, a.OnAir, &model.EntryQuery{}, now)
	if err == nil {
		answercache.Keep(ctx, answercache.Policy{Until: until, MaxAge: maxAge})
	}
	return err
}

// ListTitles answers titles that have words.
func (a *API) ListTitles(ctx context.Context, r api.ListTitlesRequestObject) (api.ListTitlesResponseObject, error) {
	words, err := words(valueOr(r.Params.Q, ""))
	if err != nil {
		return nil, err
	}
	now := a.Now()
	known, err := a.Titles.Titles(ctx, words, now, valueOr(r.Params.Limit, defaultTitles))
	if err == nil {
		err = a.keepTitles(ctx, now)
	}
	if err != nil {
		return nil, err
	}
	answer := make(api.ListTitles200JSONResponse, len(known))
	for i, t := range known {
		answer[i] = a.title(t)
	}
	return answer, nil
}

// ListTopTitles answers the titles that were played most.
func (a *API) ListTopTitles(ctx context.Context, r api.ListTopTitlesRequestObject) (api.ListTopTitlesResponseObject, error) {
	p, now := r.Params, a.Now()
	q, err := a.query(listParams{fromDate: p.FromDate, to: p.ToDate})
	if err != nil {
		return nil, err
	}
	period, err := titles.CheckPeriod(q.From, q.To, now)
	if err != nil {
		return nil, err
	}
	newOnly := valueOr(p.New, false)
	if newOnly && period.IsEver() {
		return nil, model.Invalid("from_date", "", "is required with new=true")
	}
	top, err := a.Titles.MostPlayed(ctx, period, now, newOnly, valueOr(p.Limit, defaultTitles))
	if err == nil {
		err = a.keepTitles(ctx, now)
	}
	if err != nil {
		return nil, err
	}
	answer := make(api.ListTopTitles200JSONResponse, len(top))
	for i, t := range top {
		shown := a.title(t.Title)
		answer[i] = api.TopTitle{
			TitleId: shown.TitleId, TrackArtist: shown.TrackArtist, TrackTitle: shown.TrackTitle,
			Plays: shown.Plays, FirstPlayed: shown.FirstPlayed, LastPlayed: shown.LastPlayed,
			PlaysInPeriod: t.InPeriod, IsNew: !period.IsEver() && !t.First.Before(period.From),
		}
	}
	return answer, nil
}

// GetTitle answers a title with its plays, newest first.
func (a *API) GetTitle(ctx context.Context, r api.GetTitleRequestObject) (api.GetTitleResponseObject, error) {
	p, now := r.Params, a.Now()
	key, err := titles.ParseKey(r.Id)
	if err != nil {
		return nil, model.ErrNotFound
	}
	q, err := a.query(listParams{page: p.Page, offset: p.Offset, limit: p.Limit, after: p.After})
	if err == nil {
		err = checkOffset(q, maxPlaysOffset, "a title")
	}
	if err != nil {
		return nil, err
	}
	until, err := trackservice.UntilNow(ctx, a.OnAir, &q, now)
	if err != nil {
		return nil, err
	}
	title, err := a.Titles.Title(ctx, key, now)
	if err != nil {
		return nil, err
	}
	plays, err := listed(ctx, q, func(q model.EntryQuery) ([]model.Entry, error) { return a.Titles.PlaysOf(ctx, key, q) })
	if err != nil {
		return nil, err
	}
	answercache.Keep(ctx, answercache.Policy{Until: trackservice.UntilOver(until, now, plays.entries...), MaxAge: maxAge})
	shown := a.title(title)
	return api.GetTitle200JSONResponse{
		Body: api.TitlePlays{
			TitleId: shown.TitleId, TrackArtist: shown.TrackArtist, TrackTitle: shown.TrackTitle,
			Plays: shown.Plays, FirstPlayed: shown.FirstPlayed, LastPlayed: shown.LastPlayed,
			Tracks: a.tracks(plays, now).Body,
		},
		Headers: api.GetTitle200ResponseHeaders{XTotalCount: new(int(title.Plays)), Link: plays.link},
	}, nil
}

// title renders a title.
func (a *API) title(t titles.Title) api.Title {
	return api.Title{
		TitleId: t.Key.String(), TrackArtist: t.Artist, TrackTitle: t.Title,
		Plays: t.Plays, FirstPlayed: a.Zone.Stamp(t.First), LastPlayed: a.Zone.Stamp(t.Last),
	}
}
