package httpserver_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

// TestBackup: the copy is sent whole, to the host itself only unless the caller is an
// admin. A failure has its reason. Without anything to copy there is no such path.
func TestBackup(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(path, []byte("all of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	serve := func(backup func(context.Context) (*os.File, error)) http.Handler {
		return httpservertest.New(t, stub{}, withTokens(t), func(_ *httpserver.Config, o *httpserver.Options) { o.Backup = backup })
	}
	good := serve(func(context.Context) (*os.File, error) { return os.Open(path) })
	if w := httpservertest.Do(good, "GET", "/backup", ""); w.Code != 200 || w.Body.String() != "all of it" || w.Header().Get("Content-Length") != "9" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	for secret, want := range map[string]int{"": 401, nodeSecret: 403, adminSecret: 200} {
		r := httpservertest.Request("GET", "/backup", "")
		r.RemoteAddr = "192.0.2.1:1234"
		r.Header.Set("Authorization", "Bearer "+secret)
		w := httptest.NewRecorder()
		if good.ServeHTTP(w, r); w.Code != want {
			t.Errorf("from elsewhere, with %q: %d, want %d", secret, w.Code, want)
		}
	}
	full := serve(func(context.Context) (*os.File, error) { return nil, errors.New("the disk is full") })
	if p := wantProblem(t, httpservertest.Do(full, "GET", "/backup", ""), 503); !strings.Contains(*p.Detail, "the disk is full") {
		t.Errorf("the reason is %s", *p.Detail)
	}
	wantProblem(t, httpservertest.Do(serve(nil), "GET", "/backup", ""), 404)
}
