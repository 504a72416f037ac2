package httpserver

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/model"
)

// Sessions keeps who signed in on the pages: *repo.Node and *repo.Station.
// Processes that share a database share the sessions.
type Sessions interface {
	StartSession(ctx context.Context, s model.Session) error
	Session(ctx context.Context, id model.SessionID) (model.Session, error)
	ProlongSession(ctx context.Context, s model.Session) error
	EndSession(ctx context.Context, id model.SessionID) error
}

const (
	// signInRate is how many times a second an address may try to sign in, and
	// signInBurst how many times at once.
	signInRate, signInBurst = 1.0 / 6, 10
	// maxShown is how many sessions of one request are looked up. There are several
	// if services are below one another's paths.
	maxShown = 3
)

var (
	errUnknownToken = &statusError{http.StatusUnauthorized, "This token is not known here."}
	errManySignIns  = &statusError{http.StatusTooManyRequests, "Too many tried to sign in from this address. Try again in a minute."}
	errForeignPage  = &statusError{http.StatusForbidden, "A write of somebody who is signed in must come from a page of this service, and the browser must say so (Sec-Fetch-Site or Origin)."}
)

// SignIn lets the browser act as the token with that secret, until SignOut or
// until the session ends. The session is always a new one, and what the browser
// showed before ends: nobody can have it use a session that somebody else knows.
// The cookie counts for the folder of the request's address and all below, as the
// browser sees it, so only a route at the top may sign in. An error is for
// ProblemOf: 401 if there is no such token, 403 if no own page sends the request,
// 429 after many tries, 503.
func (s *Server) SignIn(c *gin.Context, secret string) error {
	if !fromOwnPage(c.Request) {
		return errForeignPage
	}
	if addr, _ := s.cfg.TrustedProxies.client(c.Request); !s.signIns.allow(addr) {
		return errManySignIns
	}
	token, ok := s.tokens.Load().find(strings.TrimSpace(secret))
	if !ok {
		return errUnknownToken
	}
	if err := s.endSessions(c); err != nil {
		return err
	}
	session, shown := model.NewSession(token.Name, token.identity(), time.Now())
	if err := s.sessions.StartSession(c.Request.Context(), session); err != nil {
		return err
	}
	s.setCookie(c, shown, 0)
	this := callOf(c)
	this.caller, this.known = Identity{Name: token.Name, Role: token.Role}, true // for the access log
	return nil
}

// SignOut ends the session of the browser. An error is for ProblemOf: 403 if no own
// page sends the request, 503.
func (s *Server) SignOut(c *gin.Context) error {
	if !fromOwnPage(c.Request) {
		return errForeignPage
	}
	if err := s.endSessions(c); err != nil {
		return err
	}
	s.setCookie(c, "", -1)
	return nil
}

// endSessions ends all that the browser shows.
func (s *Server) endSessions(c *gin.Context) error {
	for _, shown := range s.shown(c.Request) {
		if err := s.sessions.EndSession(c.Request.Context(), model.SessionIDOf(shown)); err != nil {
			return err
		}
	}
	return nil
}

// setCookie leaves out the path and the domain: the browser then takes the folder
// that it asked, also below the path of a proxy, and this host alone.
func (s *Server) setCookie(c *gin.Context, value string, maxAge int) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: s.cookieName(c.Request), Value: value, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.isEncrypted(c.Request),
	})
}

// cookieName has the port, because a browser shows a cookie to all ports of a host.
// What is prefixed, a browser takes only over TLS.
func (s *Server) cookieName(r *http.Request) string {
	name := "aura-session"
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		name += "-" + port
	}
	if s.isEncrypted(r) {
		return "__Secure-" + name
	}
	return name
}

// isEncrypted reports whether the browser speaks HTTPS, with this server or with a
// declared proxy.
func (s *Server) isEncrypted(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	scheme, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return strings.EqualFold(strings.TrimSpace(scheme), "https") && s.cfg.TrustedProxies.contain(address(r.RemoteAddr))
}

// shown are the sessions that a request shows, those of the longest path first.
func (s *Server) shown(r *http.Request) (all []string) {
	if s.sessions == nil || r.Header["Cookie"] == nil {
		return nil
	}
	for _, cookie := range r.CookiesNamed(s.cookieName(r)) {
		if len(all) < maxShown {
			all = append(all, cookie.Value)
		}
	}
	return all
}

// fromOwnPage reports whether a browser says that a page of this server sends the
// request.
func fromOwnPage(r *http.Request) bool {
	return !crossSite(r) && (r.Header.Get("Sec-Fetch-Site") == "same-origin" || r.Header.Get("Origin") != "")
}

// identifySession reads the session that the browser shows. It counts only as long
// as its token is there.
func (s *Server) identifySession(r *http.Request, this *call) (bool, error) {
	for _, shown := range s.shown(r) {
		if !isRead(r.Method) && !fromOwnPage(r) {
			return false, errForeignPage
		}
		token, err := s.tokenOf(r.Context(), shown)
		switch {
		case err == nil:
			this.caller, this.signedIn = Identity{Name: token.Name, Role: token.Role}, true
			return true, nil
		case !errors.Is(err, model.ErrNotFound):
			return false, err
		}
	}
	return false, nil
}

// tokenOf is the token for which a session stands. It notes that the session is
// used. Errors: model.ErrNotFound, model.ErrUnavailable.
func (s *Server) tokenOf(ctx context.Context, shown string) (Token, error) {
	session, err := s.sessions.Session(ctx, model.SessionIDOf(shown))
	if err != nil {
		return Token{}, err
	}
	now := time.Now()
	token, ok := s.tokens.Load().findOf(session, shown)
	if !ok || session.IsOver(now) {
		return Token{}, model.ErrNotFound
	}
	if used, changed := session.Used(now); changed {
		if err := s.sessions.ProlongSession(ctx, used); err != nil { // it counts nevertheless, and the next request tries again
			s.log.Warn().Err(err).Msg("session was not prolonged")
		}
	}
	return token, nil
}
