package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// past is what a station can look back on: told to its API as engines and people do.
type past struct {
	station, engine string // the addresses of the sync node and of engine 1
	token           string // of an administrator; "" if nobody needs one
	now             time.Time
}

// odd are plays whose texts a page has to cope with.
var odd = []struct{ artist, title, show string }{
	{"The Orchestra of the Society for the Promotion of Contemporary and Experimental Music, with the Municipal Youth Choir", "Variations on a Theme That Nobody Remembers, Op. 117: IV. Allegro ma non troppo, quasi improvvisando (live)", "Neue Töne"},
	{"", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "Neue Töne"},
	{"עפרה חזה", "אם ננעלו (live 1984)", "Weltempfänger"},
	{"中島みゆき", "時代", "Weltempfänger"},
	{"Ana Beispiel", "", "Weltempfänger"},
}

// tell stores plays, states of health for three days, the programme, a hole, a doubt
// and corrections.
func (p past) tell(ctx context.Context) error {
	for i, o := range odd {
		at := p.now.Add(time.Duration(i-20) * time.Minute)
		if err := p.send(ctx, http.MethodPost, p.engine+"/api/v1/playlog", play(at, o.artist, o.title, o.show, 50)); err != nil {
			return err
		}
	}
	if err := p.send(ctx, http.MethodPost, p.engine+"/api/v1/playlog", play(p.now.Add(-25*time.Minute), "Ana Beispiel", "Too long", "Weltempfänger", "long")); err != nil {
		return err
	}
	if err := p.health(ctx); err != nil {
		return err
	}
	if err := p.clock(ctx); err != nil {
		return err
	}
	return p.hole(ctx)
}

// tellNow stores the longest title as what plays now, whichever engine is on air.
func (p past) tellNow(ctx context.Context) error {
	for source := 1; source <= 2; source++ {
		long := play(p.now.Add(-10*time.Second), odd[0].artist, odd[0].title, odd[0].show, 1200)
		long["log_source"] = source
		if err := p.send(ctx, http.MethodPost, p.station+"/api/v1/playlog", long); err != nil {
			return err
		}
	}
	return nil
}

func play(at time.Time, artist, title, show string, seconds any) map[string]any {
	return map[string]any{"track_start": at.Format(time.RFC3339), "track_artist": artist, "track_title": title, "show_name": show, "track_duration": seconds, "log_source": 1}
}

// health says every minute and a half how both engines were until a day ago: from then
// on they say so themselves.
func (p past) health(ctx context.Context) error {
	for at := p.now.Add(-70 * time.Hour); at.Before(p.now.Add(-27 * time.Hour)); at = at.Add(90 * time.Second) {
		for source := 1; source <= 2; source++ {
			details, healthy, ago := map[string]any{}, true, p.now.Sub(at)
			switch {
			case source == 1 && ago > 30*time.Hour && ago < 33*time.Hour:
				details["fallback"] = true
			case source == 1 && ago > 50*time.Hour && ago < 51*time.Hour:
				healthy, details["reason"] = false, "no sound card"
			case source == 2 && ago > 40*time.Hour && ago < 45*time.Hour:
				continue // it says nothing
			}
			body := map[string]any{"log_time": at.Format(time.RFC3339), "is_healthy": healthy, "details": details}
			if err := p.send(ctx, http.MethodPut, fmt.Sprintf("%s/api/v1/source/health/%d", p.station, source), body); err != nil {
				return err
			}
		}
	}
	return nil
}

// clock tells the studio clock what is on air and what comes.
func (p past) clock(ctx context.Context) error {
	show := func(id int, name string, from, until time.Time) map[string]any {
		return map[string]any{"timeslot_id": id, "timeslot_start": from.Format(time.RFC3339), "timeslot_end": until.Format(time.RFC3339), "show_id": id, "show_name": name, "playlist_id": id}
	}
	hour := p.now.Truncate(time.Hour)
	track := play(p.now.Add(-time.Minute), "Ana Beispiel", "Morgen am Hafen", "Weltempfänger", 240)
	track["track_num"] = 1
	planned := play(p.now.Add(3*time.Minute), odd[0].artist, odd[0].title, "", 300)
	planned["track_num"] = 2
	return p.send(ctx, http.MethodPut, p.engine+"/api/v1/clock", map[string]any{
		"engine_source": 1, "current_track": track,
		"current_timeslot": show(1, "Weltempfänger", hour, hour.Add(2*time.Hour)), "next_timeslot": show(2, "Übertragung aus dem Kulturhaus", hour.Add(2*time.Hour), hour.Add(4*time.Hour)),
		"planned_playlist": map[string]any{"playlist_id": 1, "entries": []any{track, planned}},
	})
}

// hole says that what was played in a quarter of an hour was not.
func (p past) hole(ctx context.Context) error {
	span := url.Values{"from_date": {p.now.Add(-2 * time.Hour).Format(time.RFC3339)}, "to_date": {p.now.Add(-105 * time.Minute).Format(time.RFC3339)}, "source": {"all"}, "limit": {"100"}}
	answer, err := p.call(ctx, http.MethodGet, p.station+"/api/v1/playlog?"+span.Encode(), nil)
	if err != nil {
		return err
	}
	var entries []struct {
		ID     int64 `json:"id"`
		Source int   `json:"log_source"`
	}
	if err := json.Unmarshal(answer, &entries); err != nil {
		return err
	}
	for _, e := range entries {
		if e.Source != 1 {
			continue
		}
		body := map[string]any{"kind": "void", "by": "Ben Beispiel", "reason": "the line was cut"}
		if err := p.send(ctx, http.MethodPost, fmt.Sprintf("%s/api/v1/playlog/%d/corrections", p.station, e.ID), body); err != nil {
			return err
		}
	}
	return nil
}

func (p past) send(ctx context.Context, method, address string, body any) error {
	_, err := p.call(ctx, method, address, body)
	return err
}

func (p past) call(ctx context.Context, method, address string, body any) ([]byte, error) {
	sent, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(sent))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer w.Body.Close()
	answer, err := io.ReadAll(w.Body)
	if err == nil && w.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", method, address, w.Status, strings.TrimSpace(string(answer)))
	}
	return answer, err
}
