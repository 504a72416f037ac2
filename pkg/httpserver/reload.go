package httpserver

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"aura.radio/engine/pkg/config"
)

// Reload takes the tokens, and reads the certificates again, while requests are
// served. It says what changed, and never shows a secret. What is wrong is
// refused, and what was there before stays; the error names each of these. The
// last token of an administrator is never dropped.
func (s *Server) Reload(cfg Config) (changed []string, err error) {
	changed, refused := s.reloadTokens(cfg.Tokens)
	more, refusedTLS := s.reloadCertificates()
	return append(changed, more...), errors.Join(refused, refusedTLS)
}

func (s *Server) reloadTokens(tokens Tokens) ([]string, error) {
	present := *s.tokens.Load()
	if slices.ContainsFunc(present, isAdmin) && !slices.ContainsFunc(tokens, isAdmin) {
		return nil, &config.Mistake{Variable: "API_TOKENS", Rule: "must keep a token with the role admin; no token was changed"}
	}
	s.tokens.Store(&tokens)
	return tokens.since(present), nil
}

func isAdmin(t Token) bool { return t.Role == RoleAdmin }

// since says which tokens were added or removed.
func (t Tokens) since(before Tokens) []string {
	var changed []string
	tell := func(what string, all, others Tokens) {
		for _, token := range all {
			if !slices.Contains(others, token) {
				changed = append(changed, fmt.Sprintf("a token of %s (%s) was %s", token.Name, token.Role, what))
			}
		}
	}
	tell("added", t, before)
	tell("removed", before, t)
	return changed
}

func (s *Server) reloadCertificates() (changed []string, err error) {
	present := s.certificates.Load()
	if present == nil {
		return nil, nil // HTTPS begins with the start of the service
	}
	next, err := s.cfg.certificates()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if invalid := next.valid(now); invalid != nil && present.valid(now) == nil {
		return nil, &config.Mistake{Variable: "TLS_CERT", Value: s.cfg.TLSCert, Rule: "names a certificate that " + invalid.Error()}
	}
	if !equalChains(present.chain, next.chain) {
		changed = append(changed, fmt.Sprintf("the certificate is %s's, until %s", next.chain[0].Subject, ends(next.chain).Format(time.RFC3339)))
	}
	if !equalChains(present.clientCA, next.clientCA) {
		changed = append(changed, "the authorities of client certificates are others")
	}
	if len(changed) > 0 {
		s.certificates.Store(next)
	}
	return changed, nil
}
