package handler

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/source"
)

// setNow moves the station's clock.
func (s *station) setNow(now string) {
	instant := moment(s.t, now)
	s.api.Now = func() time.Time { return instant }
}

// setDefault makes the station begin with another active source.
func (s *station) setDefault(number int) {
	s.api.Sources = source.New(s.db, number, s.changed, s.api.Log)
}

// following stands for a sync node that decides which source is active. It
// imitates only the refusal of a request that circles between both nodes.
type following struct{ source.Store }

func (f following) Activate(ctx context.Context, r source.Request, admit source.Rule) (source.Decision, error) {
	if r.PassedOn {
		return source.Decision{}, model.ErrLoop
	}
	return f.Store.Activate(ctx, r, admit)
}

func TestAPI_ActivateSource(t *testing.T) {
	t.Parallel()

	t.Run("FirstTime", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2020-06-27T17:00:00Z"))
		s.setDefault(3)
		w := s.do(http.StatusOK, http.MethodGet, "/source/active", "")
		want := `{"active_source":3,"epoch":0,"pinned":false,"since":null,"stale":false}`
		if got := strings.TrimSpace(w.Body.String()); got != want || w.Header().Get("ETag") != `"0"` {
			t.Errorf("before any activation %s, ETag %s, want %s", got, w.Header().Get("ETag"), want)
		}
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", "")
		w = s.do(http.StatusOK, http.MethodGet, "/source/active", "")
		want = `{"active_source":2,"epoch":1,"pinned":false,"since":"2020-06-27T19:00:00+02:00","stale":false}`
		if got := strings.TrimSpace(w.Body.String()); got != want || w.Header().Get("ETag") != `"1"` {
			t.Errorf("got %s, ETag %s, want %s", got, w.Header().Get("ETag"), want)
		}
	})

	t.Run("Unknown", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2020-06-27T17:00:00Z"))
		s.api.Sources = source.New(s.db, 1, s.changed, s.api.Log).Knowing(func(_ context.Context, number int) (bool, error) { return number < 3, nil })
		for _, step := range []struct {
			status          int
			method, request string
			warns           bool
		}{
			{http.StatusNoContent, http.MethodPut, "/source/active/2?known=true", false},
			{http.StatusBadRequest, http.MethodPut, "/source/active/22?known=true", false},
			{http.StatusNoContent, http.MethodPut, "/source/active/22", true},
			{http.StatusNoContent, http.MethodPost, "/source/active/22?known=false", true},
			{http.StatusNoContent, http.MethodPut, "/source/active/1", false},
		} {
			w := s.do(step.status, step.method, step.request, "")
			want := ""
			if step.warns {
				want = `299 - "source 22 is not known: no setting, name or record knows it"`
			}
			if got := w.Header().Get("Warning"); got != want {
				t.Errorf("%s: Warning %q, want %q", step.request, got, want)
			}
			w = s.do(http.StatusOK, http.MethodGet, "/source/active", "")
			if strings.Contains(w.Body.String(), `"unknown":true`) != step.warns {
				t.Errorf("%s: then %s", step.request, w.Body)
			}
		}
	})

	t.Run("Bodies", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		for i, body := range []string{"", "{}", "  ", `{"reason": null, "by": "", "pin": null, "at": ""}`, `{"new_field": 1}`} {
			for _, method := range []string{http.MethodPut, http.MethodPost} {
				s.do(http.StatusNoContent, method, fmt.Sprintf("/source/active/%d/", 10+i), body)
			}
			if got := get[api.ActiveSource](s, "/source/active").ActiveSource; got != 10+i {
				t.Errorf("after %q source %d is active", body, got)
			}
		}
		if got := get[[]api.ActivationRecord](s, "/source/history"); got[0].By != "local" {
			t.Errorf("who activated it is %q", got[0].By)
		}
	})

	t.Run("Repeated", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		activate := func(path, body string) int64 {
			s.do(http.StatusNoContent, http.MethodPut, path, body)
			return get[api.ActiveSource](s, "/source/active").Epoch
		}
		for i, step := range []struct {
			path, body string
			want       int64
		}{
			{"/source/active/1", "", 1}, // reported for the first time
			{"/source/active/1", "", 1},
			{"/source/active/1?pin=false", "", 1},
			{"/source/active/2", `{"at": "2020-06-27T17:00:00Z"}`, 2}, // happened earlier, delivered late
			{"/source/active/2", `{"at": "2020-06-27 19:00:00"}`, 2},
			{"/source/active/1", "", 2},
			{"/source/active/2", "", 3},
			{"/source/active/2?pin=true", "", 4},
			{"/source/active/2?pin=true", "", 4},
			{"/source/active/2", "", 4},
		} {
			if got := activate(step.path, step.body); got != step.want {
				t.Errorf("step %d: epoch is %d, want %d", i, got, step.want)
			}
		}
	})

	// A delivery is recognised wherever it is in the history.
	for name, start := range map[string]func(testing.TB, ...func(*API)) *station{"RedeliveredToNode": newStation, "RedeliveredToSyncNode": newSyncNode} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, at(t, "2020-06-27T17:00:10Z"))
			second, first := `{"at": "2020-06-27T17:00:00Z", "by": "monitor", "reason": "1 is silent"}`, `{"at": "2020-06-27T17:00:05Z", "by": "monitor"}`
			s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", second, "If-Match", `"0"`)
			s.do(http.StatusNoContent, http.MethodPut, "/source/active/1", first)
			s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", second)
			s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", second, "If-Match", `"0"`)
			s.do(http.StatusNoContent, http.MethodPut, "/source/active/1?pin=true", "")
			s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", second)
			if got := get[api.ActiveSource](s, "/source/active"); got.Epoch != 3 || got.ActiveSource != 1 {
				t.Errorf("active is %+v", got)
			}
			s.refused(http.StatusConflict, http.MethodPut, "/source/active/2", strings.Replace(second, "silent", "quiet", 1))
		})
	}

	t.Run("IfMatch", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", "", "If-Match", `"0"`)
		s.refused(http.StatusPreconditionFailed, http.MethodPut, "/source/active/1", "", "If-Match", `"0"`)
		s.refused(http.StatusPreconditionFailed, http.MethodPut, "/source/active/2", "", "If-Match", `"0"`)
		for _, tags := range []string{`W/"1"`, `W/"1", "0"`, `"0", "2"`, `"10", "11"`} {
			w := s.do(http.StatusPreconditionFailed, http.MethodPut, "/source/active/1", "", "If-Match", tags)
			if !strings.Contains(w.Body.String(), "begins with W/") {
				t.Errorf("%s is refused with %s", tags, w.Body)
			}
		}
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/1", "", "If-Match", `W/"0" ,"0","1" , "7",`)
		s.do(http.StatusNoContent, http.MethodPost, "/source/active/2", "", "If-Match", "*")
		for _, tag := range []string{"3", `"x"`, `"-1"`, `""`, `"`, `"1", *`, `"1" "2"`, `,`, `W/`, `w/"3"`, `"3`} {
			if got := s.refused(http.StatusBadRequest, http.MethodPut, "/source/active/1", "", "If-Match", tag); got != "If-Match" {
				t.Errorf("%s: names %q", tag, got)
			}
		}
		// The answer was lost, so the same is delivered again.
		late := `{"at": "2020-06-27T17:00:00Z"}`
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/5", late, "If-Match", `"3"`)
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/5", late, "If-Match", `"3"`)
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/5", late, "If-Match", `"3", "1"`)
		if got := get[api.ActiveSource](s, "/source/active"); got.Epoch != 4 || got.ActiveSource != 2 {
			t.Errorf("active is %+v", got)
		}
	})

	// What a monitor decides happens after everything that it knows, whatever
	// its clock says. Each of its decisions is a record, and is active.
	t.Run("ClockBehind", func(t *testing.T) {
		t.Parallel()
		s := newSyncNode(t)
		s.do(http.StatusOK, http.MethodPut, "/source/lease", `{"holder": "a", "seconds": 60}`)
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/1", "")
		since := *get[api.ActiveSource](s, "/source/active").Since
		behind := `{"at": "2020-06-27T17:00:00Z", "reason": "no heartbeat", "lease": {"holder": "a", "epoch": 1}}`
		decides := func(source int, upon int64) {
			t.Helper()
			for range 2 { // the answer was lost
				s.do(http.StatusNoContent, http.MethodPut, fmt.Sprintf("/source/active/%d", source), behind, "If-Match", fmt.Sprintf("%q", fmt.Sprint(upon)))
				if got := get[api.ActiveSource](s, "/source/active"); got.Epoch != upon+1 || got.ActiveSource != source || !got.Since.Equal(since.Time) {
					t.Errorf("active is %+v, want source %d since %s", got, source, since)
				}
			}
		}
		for upon := range int64(4) {
			decides(int(2-upon%2), upon+1)
		}
		s.refused(http.StatusPreconditionFailed, http.MethodPut, "/source/active/7", behind, "If-Match", `"1"`)
		// A person reports something that happened earlier, which changes
		// nothing now.
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/6", `{"at": "2020-06-27T17:00:00Z"}`, "If-Match", `"5"`)
		if got := get[api.ActiveSource](s, "/source/active"); got.Epoch != 6 || got.ActiveSource != 1 {
			t.Errorf("active is %+v, want source 1 still", got)
		}
		decides(2, 6)
		if got := s.refused(http.StatusBadRequest, http.MethodPut, "/source/active/3", behind); got != "If-Match" {
			t.Errorf("a decision that does not say what it knew: names %q", got)
		}
	})

	// A monitor's clock is an hour behind. What was active until it decided stays
	// so in the history, and the record says what the clock said.
	t.Run("Skewed", func(t *testing.T) {
		t.Parallel()
		s := newSyncNode(t, at(t, "2020-06-27T17:00:00Z"))
		s.do(http.StatusOK, http.MethodPut, "/source/lease", `{"holder": "a", "seconds": 60}`)
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/1", "")
		for _, sent := range []string{"2020-06-27T17:30:01Z", "2020-06-27T19:30:01.2"} { // the answer was lost
			s.setNow("2020-06-27T18:30:01Z")
			s.do(http.StatusNoContent, http.MethodPut, "/source/active/2",
				`{"at": "2020-06-27T17:30:00Z", "sent_at": "`+sent+`", "reason": "1 is silent", "lease": {"holder": "a", "epoch": 1}}`, "If-Match", `"1"`)
		}
		history := get[[]api.ActivationRecord](s, "/source/history")
		if len(history) != 2 {
			t.Fatalf("the history is %+v", history)
		}
		const reason = "1 is silent; the sender's clock was 1h0m0s behind and said 2020-06-27T17:30:00+00:00"
		if a := history[0]; !a.From.Equal(moment(t, "2020-06-27T18:30:00Z")) || a.Reason != reason {
			t.Errorf("it is recorded from %s: %s", a.From, a.Reason)
		}
		if was := history[1]; !was.From.Equal(moment(t, "2020-06-27T17:00:00Z")) || !was.To.Equal(history[0].From.Time) {
			t.Errorf("source 1 was active from %s to %s", was.From, was.To)
		}
		if got := s.refused(http.StatusBadRequest, http.MethodPut, "/source/active/1", `{"at": "2020-06-27T17:00:00Z", "sent_at": "soon"}`); got != "sent_at" {
			t.Errorf("names %q", got)
		}
	})

	t.Run("Pin", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/2?pin=true", `{"pin": false}`) // the query wins
		if got := get[api.ActiveSource](s, "/source/active"); !got.Pinned {
			t.Errorf("active is %+v", got)
		}
		s.refused(http.StatusConflict, http.MethodPut, "/source/active/1", "")
		s.refused(http.StatusConflict, http.MethodPut, "/source/active/1", `{"at": "2020-06-27T17:00:00Z"}`)
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/3", `{"pin": true}`)
		s.refused(http.StatusConflict, http.MethodPut, "/source/active/2", "")
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/3?pin=false", "")
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/1", "")
		if got := get[api.ActiveSource](s, "/source/active"); got.ActiveSource != 1 || got.Pinned || got.Epoch != 4 {
			t.Errorf("active is %+v", got)
		}
	})

	// A node that would only pass a request on refuses one that was already
	// passed on. The node that decides accepts it.
	t.Run("PassedOn", func(t *testing.T) {
		t.Parallel()
		passing := newStation(t)
		passing.api.Sources = source.New(following{passing.db}, 1, passing.changed, passing.api.Log)
		for _, method := range []string{http.MethodPut, http.MethodPost} {
			passing.refused(http.StatusLoopDetected, method, "/source/active/2", "", api.PassedOnHeader, "1")
		}
		passing.do(http.StatusNoContent, http.MethodPut, "/source/active/2", "")
		newSyncNode(t).do(http.StatusNoContent, http.MethodPut, "/source/active/2", "", api.PassedOnHeader, "1")
	})

	// Activating a source that is already active and pinned succeeds again.
	t.Run("PinnedAgain", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/2?pin=true", "")
		for _, again := range []string{"", "?pin=true"} {
			s.do(http.StatusNoContent, http.MethodPut, "/source/active/2"+again, "")
		}
		if got := get[api.ActiveSource](s, "/source/active"); got.Epoch != 1 || !got.Pinned {
			t.Errorf("active is %+v", got)
		}
	})

	// 02:10 of the first of two equal hours, when 02:10 of the second is still
	// to come.
	t.Run("RepeatedHour", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2026-10-25T00:50:00Z"))
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", `{"at": "2026-10-25 02:10:00"}`)
		if got := get[api.ActiveSource](s, "/source/active"); !got.Since.Equal(moment(t, "2026-10-25T00:10:00Z")) {
			t.Errorf("active since %s", got.Since)
		}
	})

	t.Run("Future", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2020-06-27T17:00:00Z"))
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", `{"at": "2020-06-27T17:00:04Z"}`)
		if got := get[api.ActiveSource](s, "/source/active"); got.ActiveSource != 2 || !got.Since.Equal(s.api.Now()) {
			t.Errorf("active is %+v, want source 2 since now", got)
		}
		for _, at := range []string{"2020-06-27T17:00:06Z", "1969-12-31T00:00:00Z", "2020-02-30T00:00:00Z"} {
			if got := s.refused(http.StatusBadRequest, http.MethodPut, "/source/active/1", `{"at": "`+at+`"}`, "If-Match", "x"); got != "If-Match at" {
				t.Errorf("%s: names %q", at, got)
			}
		}
		for _, number := range []string{"0", "-1", "2147483648", "two"} {
			s.refused(http.StatusBadRequest, http.MethodPut, "/source/active/"+number, "")
		}
	})
}

func TestAPI_ListActivations(t *testing.T) {
	t.Parallel()
	s := newStation(t, at(t, "2020-06-27T17:00:00Z"))
	s.setDefault(9)
	if got := s.do(http.StatusOK, http.MethodGet, "/source/history", "").Body.String(); strings.TrimSpace(got) != "[]" {
		t.Errorf("history is %s", got)
	}
	s.do(http.StatusNoContent, http.MethodPut, "/source/active/1", `{"by": "monitor", "reason": "start"}`)
	s.setNow("2020-06-27T18:00:00Z")
	s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", "")
	s.do(http.StatusNoContent, http.MethodPut, "/source/active/3", `{"at": "2020-06-27T17:30:00Z"}`)
	show := func(list []api.ActivationRecord) string {
		var text []string
		for _, r := range list {
			to := "now"
			if r.To != nil {
				to = r.To.Format("15:04")
			}
			text = append(text, fmt.Sprintf("%d: %d after %d from %s to %s", r.Epoch, r.Source, r.PreviousSource, r.From.Format("15:04"), to))
		}
		return strings.Join(text, ", ")
	}
	want := []string{
		"2: 2 after 3 from 20:00 to now", "3: 3 after 1 from 19:30 to 20:00", "1: 1 after 9 from 19:00 to 19:30",
	}
	whole := get[[]api.ActivationRecord](s, "/source/history")
	if got := show(whole); got != strings.Join(want, ", ") {
		t.Errorf("history is %s, want %s", got, strings.Join(want, ", "))
	}
	if first := whole[2]; first.By != "monitor" || first.Reason != "start" {
		t.Errorf("first is %+v", first)
	}
	for page, want := range want {
		if got := show(get[[]api.ActivationRecord](s, fmt.Sprintf("/source/history?limit=1&page=%d", page))); got != want {
			t.Errorf("page %d is %s, want %s", page, got, want)
		}
	}
	if got := show(get[[]api.ActivationRecord](s, "/source/history?limit=2&page=1")); got != want[2] {
		t.Errorf("page of two is %s, want %s", got, want[2])
	}
}
