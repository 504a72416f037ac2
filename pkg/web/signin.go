package web

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/httpserver"
)

// signIn is the form for signing in.
type signIn struct {
	// Next is the page that is shown then.
	Next string
	// Failure says what went wrong, as the key of a text; "" if nothing did.
	Failure string
}

// askForToken shows the form.
func (s *Site) askForToken(c *gin.Context, t catalogue) (view, error) {
	return s.signInForm(t, http.StatusOK, signIn{Next: next(c.Query("next"))}), nil
}

func (s *Site) signInForm(t catalogue, status int, f signIn) view {
	return view{template: "signin", title: t.T("signin.title"), status: status, body: f}
}

// signIn signs in with a token, and leads to the page that was wanted.
func (s *Site) signIn(c *gin.Context) {
	wanted := next(c.PostForm("next"))
	err := s.Studio.SignIn(c, c.PostForm("token"))
	if err == nil {
		lead(c, wanted)
		return
	}
	p := httpserver.ProblemOf(err)
	key := map[int]string{
		http.StatusUnauthorized: "signin.unknown", http.StatusForbidden: "signin.foreign",
		http.StatusTooManyRequests: "signin.many", http.StatusServiceUnavailable: "signin.away",
	}[p.Status]
	if key == "" {
		httpserver.Fail(c, err)
		return
	}
	t, _ := s.catalogue(c) // of a language that does not exist, the station's
	s.write(c, t, s.signInForm(t, p.Status, signIn{Next: wanted, Failure: key}))
}

// signOut ends the session.
func (s *Site) signOut(c *gin.Context) {
	if err := s.Studio.SignOut(c); err != nil {
		httpserver.Fail(c, err)
		return
	}
	lead(c, "/signin")
}

var plainPath = regexp.MustCompile(`^(/[0-9a-z-]+)+$`)

// maxNext bounds the address of a page.
const maxNext = 2048

// next is a page of this site with its query, whatever a form or an address says: nobody
// is led to another site. The query is encoded again. It has no language: the page that
// leads there has one.
func next(said string) string {
	at, query, _ := strings.Cut(said, "?")
	values, err := url.ParseQuery(query)
	isPage := at == "/" || plainPath.MatchString(at) && path.Clean(at) == at
	if err != nil || !isPage || len(said) > maxNext {
		return statusPath
	}
	values.Del("lang")
	if len(values) == 0 {
		return at
	}
	return at + "?" + values.Encode()
}

// wantedBy is the page that a request was for which needs signing in.
func wantedBy(r *http.Request) string {
	if r.Method != http.MethodGet {
		return next("")
	}
	return next(r.URL.Path + "?" + r.URL.RawQuery)
}

// lead leads to a page after a form was sent, so that it is not sent again when the
// page is loaded again.
func lead(c *gin.Context, page string) {
	c.Header("Location", linkFrom(c.Request, page))
	c.Writer.WriteHeader(http.StatusSeeOther)
}
