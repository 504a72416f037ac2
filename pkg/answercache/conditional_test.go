package answercache_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/answercache"
)

func TestCache_ETag(t *testing.T) {
	t.Parallel()
	s := newSite(answercache.Config{}, kept("body"))
	tag := s.get().Header.Get("Etag")
	if !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) || len(tag) < 12 {
		t.Fatalf("ETag is %s", tag)
	}
	cases := map[string]struct {
		ifNoneMatch string
		want        int
	}{
		"Same":           {tag, 304},
		"Weak":           {"W/" + tag, 304},
		"List":           {`"other",W/"third" , ` + tag, 304},
		"CommaInside":    {`"a,b", ` + tag, 304},
		"Star":           {"*", 304},
		"Other":          {`"other"`, 200},
		"Unquoted":       {strings.Trim(tag, `"`), 200},
		"Prefix":         {tag[:6] + `"`, 200},
		"Unterminated":   {tag[:len(tag)-1], 200},
		"InsideAnother":  {`"x` + strings.Trim(tag, `"`) + `"`, 200},
		"Empty":          {"", 200},
		"OnlySeparators": {" , ,", 200},
		"Malformed":      {`nonsense, ` + tag, 200},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := s.get("If-None-Match", c.ifNoneMatch, "If-Modified-Since", "Fri, 31 Dec 2100 23:59:59 GMT")
			if res.StatusCode != c.want {
				t.Errorf("status %d, want %d", res.StatusCode, c.want)
			}
			wantHeader(t, res, "Etag", tag)
			if c.want == http.StatusNotModified {
				wantBody(t, res, "")
				wantHeader(t, res, "Content-Length", "")
				wantHeader(t, res, "Content-Type", "")
				wantHeader(t, res, "Cache-Control", "public, max-age=5, stale-if-error=600")
			}
		})
	}

	t.Run("SecondLine", func(t *testing.T) {
		t.Parallel()
		if res := s.get("If-None-Match", `"other"`, "If-None-Match", tag); res.StatusCode != 304 {
			t.Errorf("status %d", res.StatusCode)
		}
	})

	t.Run("OfTheHandler", func(t *testing.T) {
		t.Parallel()
		// An epoch is sent back unchanged in If-Match, and two bodies may have
		// the same epoch.
		body := strings.Repeat("body", 1000)
		s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Etag", `"7"`)
			kept(body)(w, r)
		})
		for range 2 {
			res := s.get("Accept-Encoding", "gzip")
			wantHeader(t, res, "Etag", `"7"`)
			wantHeader(t, res, "Content-Encoding", "")
			wantBody(t, res, body)
			body += "!"
			s.cache.Invalidate()
		}
	})
}

func TestCache_LastModified(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		body := "a"
		s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) { kept(body)(w, r) })
		render := func(b string) {
			body = b
			s.cache.Invalidate()
			s.get()
		}
		since := func(moment string) int { return s.get("If-Modified-Since", moment).StatusCode }

		time.Sleep(300 * time.Millisecond)
		begin := time.Now().Truncate(time.Second)
		first := begin.Add(time.Second).UTC().Format(http.TimeFormat)
		wantHeader(t, s.get(), "Last-Modified", "") // this second may still see another body
		time.Sleep(700 * time.Millisecond)
		wantHeader(t, s.get(), "Last-Modified", first)
		if got := since(first); got != 304 {
			t.Errorf("status %d", got)
		}
		if got := since(begin.UTC().Format(http.TimeFormat)); got != 200 {
			t.Errorf("older copy: status %d", got)
		}
		if got := since("yesterday"); got != 200 {
			t.Errorf("malformed date: status %d", got)
		}

		time.Sleep(time.Hour)
		render("a") // the same bytes
		wantHeader(t, s.get(), "Last-Modified", first)

		render("b")
		if got := since(first); got != 200 {
			t.Errorf("changed: status %d", got)
		}
		render("c") // within the same second
		time.Sleep(time.Second)
		if got := since(s.get().Header.Get("Last-Modified")); got != 304 {
			t.Errorf("status %d", got)
		}
	})
}

func TestCache_Gzip(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(`{"track_title":"Fade Into You"},`, 100)
	s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/short" {
			kept("short")(w, r)
			return
		}
		kept(long)(w, r)
	})
	cases := map[string]bool{
		"": false, "identity": false, "br, deflate": false, "gzip;q=0": false, "gzip; Q=0.000": false,
		"*;q=0": false, "gzip;q=0, *": false, "*, gzip;q=0.0": false, "gzipped": false,
		"gzip": true, "gzip, deflate, br, zstd": true, "br;q=1.0, gzip;q=0.01": true, "GZIP": true, "x-gzip": true,
		"*": true, "deflate,*;q=0.5": true,
	}
	plain, packed := s.get().Header.Get("Etag"), s.get("Accept-Encoding", "gzip").Header.Get("Etag")
	if plain == packed || plain == "" || packed == "" {
		t.Fatalf("ETags %s and %s must differ", plain, packed)
	}
	for accept, want := range cases {
		t.Run(accept, func(t *testing.T) {
			t.Parallel()
			res := s.get("Accept-Encoding", accept)
			wantHeader(t, res, "Vary", "Accept-Encoding")
			if !want {
				wantHeader(t, res, "Content-Encoding", "")
				wantHeader(t, res, "Etag", plain)
				wantBody(t, res, long)
				return
			}
			wantHeader(t, res, "Content-Encoding", "gzip")
			wantHeader(t, res, "Etag", packed)
			wantHeader(t, res, "Content-Length", fmt.Sprint(len(res.Body)))
			z, err := gzip.NewReader(strings.NewReader(res.Body))
			if err != nil {
				t.Fatal(err)
			}
			if unpacked, err := io.ReadAll(z); err != nil || string(unpacked) != long {
				t.Errorf("unpacks to %q: %v", unpacked, err)
			}
			if res := s.get("Accept-Encoding", accept, "If-None-Match", packed); res.StatusCode != 304 {
				t.Errorf("status %d", res.StatusCode)
			}
		})
	}

	t.Run("Short", func(t *testing.T) {
		t.Parallel()
		res := s.do(http.MethodGet, "/short", "Accept-Encoding", "gzip")
		wantHeader(t, res, "Content-Encoding", "")
		wantHeader(t, res, "Vary", "")
		wantBody(t, res, "short")
	})
}
