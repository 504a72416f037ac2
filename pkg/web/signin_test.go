package web

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// TestNext: signing in leads to the page that was wanted, with its query, and never to
// another site.
func TestNext(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"/":                       "/",
		"/reports?period=2026-Q1": "/reports?period=2026-Q1",
		"/correct/day/2026-11-27": "/correct/day/2026-11-27",
		"/reports?from=2026-11-01&to=2026-11-07&lang=de": "/reports?from=2026-11-01&to=2026-11-07",
		"/status?lang=de":                         "/status",
		"/correct?q=a%26b+%C3%A9":                 "/correct?q=a%26b+%C3%A9",
		"/correct?q=//evil.example":               "/correct?q=%2F%2Fevil.example",
		"/correct?q=\r\nSet-Cookie:%20a=b":        "/correct?q=%0D%0ASet-Cookie%3A+a%3Db",
		"/correct?q=\\evil":                       "/correct?q=%5Cevil",
		"":                                        "/status",
		"?period=2026":                            "/status",
		"//evil.example":                          "/status",
		"//evil.example/?a=b":                     "/status",
		"/\\evil.example":                         "/status",
		"\\\\evil.example":                        "/status",
		"https://evil.example/":                   "/status",
		"/status\n":                               "/status",
		"/status/../signout":                      "/status",
		"/reports?period=%zz":                     "/status",
		"/reports?a=" + strings.Repeat("b", 3000): "/status",
	} {
		if got := next(said); got != want {
			t.Errorf("next(%q) is %q, want %q", said, got, want)
		}
	}
	if got := wantedBy(httptest.NewRequest("GET", "/reports?period=2026-11", nil)); got != "/reports?period=2026-11" {
		t.Errorf("a page is wanted by %q", got)
	}
	if got := wantedBy(httptest.NewRequest("POST", "/status/activate?a=b", nil)); got != "/status" {
		t.Errorf("a form leads to %q", got)
	}
}
