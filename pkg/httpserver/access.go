package httpserver

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// access identifies the caller and refuses callers without permission.
func (s *Server) access(c *gin.Context) {
	this := callOf(c)
	engine := this.route.lenient && s.engines.admit(c.Request, s.cfg.TrustedProxies)
	if this.limited && !engine { // an engine sends in a moment what a fault held up
		fail(c, tooMany)
		return
	}
	local := !s.cfg.LocalToken && s.cfg.TrustedProxies.fromHost(c.Request)
	known, err := s.identify(c.Request, this)
	this.known = known
	switch {
	case known:
	case local:
		this.caller = Identity{Name: "local", Role: RoleAdmin}
	case engine:
		this.caller = Identity{Name: "network", Role: RoleEngine}
	case claims(c.Request):
		// The edge did not count it, because its token might have been valid.
		if addr, _ := s.cfg.TrustedProxies.client(c.Request); !s.limit.allow(addr) {
			fail(c, tooMany)
			return
		}
	}
	if this.signedIn || !this.route.public {
		c.Header("Cache-Control", "no-store")
	}
	if c.FullPath() == "" {
		c.Next() // so that it answers that there is nothing
		return
	}
	if !this.route.served {
		unknownPath(c)
		return
	}
	switch {
	case this.route.public, local, engine, known && slices.Contains(this.route.roles, this.caller.Role):
		s.serve(c, this)
	case known:
		fail(c, &statusError{http.StatusForbidden, fmt.Sprintf("%s has the role %s. This request needs one of the roles %s.",
			this.caller.Name, this.caller.Role, joinRoles(this.route.roles))})
	case err != nil:
		fail(c, err)
	default:
		s.demand(c)
	}
}

var tooMany = &statusError{http.StatusTooManyRequests, "Too many requests came from this address. Try again in a second."}

// identify reads the token, otherwise the client certificate, otherwise the
// session. A browser adds a certificate and a session by itself, and a name and
// secret if an address has them. So these say nothing about a write if the page of
// another site sends it. The error is why the session can't be read.
func (s *Server) identify(r *http.Request, this *call) (known bool, err error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		if token, ok := s.tokens.Load().find(strings.TrimSpace(secret)); ok {
			this.caller = Identity{Name: token.Name, Role: token.Role}
			return true, nil
		}
	}
	if !isRead(r.Method) && crossSite(r) {
		return false, nil
	}
	// Some engines can send no header, but take an address with name and secret.
	if name, secret, ok := r.BasicAuth(); ok {
		if token, ok := s.tokens.Load().findNamed(name, secret); ok && token.Role == RoleEngine {
			this.caller = Identity{Name: token.Name, Role: token.Role}
			return true, nil
		}
	}
	if identity, ok := certified(r); ok {
		this.caller = identity
		return true, nil
	}
	return s.identifySession(r, this)
}

// recheckEvery is how often it is asked whether who listens to a stream still may.
const recheckEvery = 5 * time.Second

// serve goes on to the handler. A stream of events that is not public ends when its
// caller is no longer known.
func (s *Server) serve(c *gin.Context, this *call) {
	if this.route.public || !this.route.events || !this.known {
		c.Next()
		return
	}
	whole := c.Request
	ctx, end := context.WithCancel(whole.Context())
	stream := whole.WithContext(ctx)
	c.Request = stream
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.watchCaller(stream, this.caller, end)
	}()
	defer func() {
		end()
		<-watched
		c.Request = whole
	}()
	c.Next()
}

// watchCaller calls end when no token, certificate or session makes the request known
// as that caller any more. It returns then, or when the request ends. What can't be read
// ends nothing.
func (s *Server) watchCaller(r *http.Request, caller Identity, end func()) {
	again := time.NewTicker(recheckEvery)
	defer again.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-again.C:
			var now call
			if known, err := s.identifyWithin(r, &now); err == nil && (!known || now.caller != caller) {
				end()
			}
		}
	}
}

// identifyWithin is identify with a deadline, outside of a request's own.
func (s *Server) identifyWithin(r *http.Request, this *call) (known bool, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), recheckEvery)
	defer cancel()
	return s.identify(r.WithContext(ctx), this)
}

// certified reads the client certificate.
func certified(r *http.Request) (Identity, bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return Identity{}, false
	}
	subject := r.TLS.VerifiedChains[0][0].Subject
	for _, unit := range subject.OrganizationalUnit {
		if slices.Contains(roles, Role(unit)) && subject.CommonName != "" {
			return Identity{Name: subject.CommonName, Role: Role(unit)}, true
		}
	}
	return Identity{}, false
}

// demand asks for a token (RFC 6750). It never asks for name and secret: a browser
// would ask its user for them, and send them again with every request.
func (s *Server) demand(c *gin.Context) {
	challenge, detail := `Bearer realm="aura"`, "This request needs a token: Authorization: Bearer …"
	switch {
	case c.GetHeader("Authorization") != "":
		challenge += `, error="invalid_token"`
		detail = "The token is not known here."
		if _, _, ok := c.Request.BasicAuth(); ok {
			detail = "There is no token of the role engine with this name and secret. Other roles need Authorization: Bearer …"
		}
	case !s.cfg.LocalToken && address(c.Request.RemoteAddr).IsLoopback():
		detail += " A program on this host needs no token if it calls localhost or 127.0.0.1 without a proxy, and no page of another site sends the request."
		if !c.Request.ProtoAtLeast(1, 1) {
			detail += " This request is HTTP/1.0, as some proxies send it without saying for whom. A program must speak HTTP/1.1."
		}
	}
	c.Header("WWW-Authenticate", challenge)
	fail(c, &statusError{http.StatusUnauthorized, detail})
}

func joinRoles(list []Role) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}
