package httpserver

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"aura.radio/engine/pkg/config"
)

// Engines says which engines need no token. It is a block of the configuration
// of a service that engines call; the zero Engines admits none.
type Engines struct {
	Networks  Networks `env:"ENGINE_NETWORKS" doc:"Addresses or networks of engines that can send no token, separated by commas. From there plays, health and clock need none. Empty: they need one, except from this host."`
	Hostnames []string `env:"ENGINE_HOSTNAMES" doc:"Names by which engines of AURA_ENGINE_NETWORKS call this service, such as engine-api, separated by commas. Addresses and localhost need not be named. Under any other name a token is needed, because a page's name may resolve to this host."`
}

// Validate checks what the types do not check themselves.
func (e *Engines) Validate() error {
	if len(e.Hostnames) > 0 && len(e.Networks) == 0 {
		return &config.Mistake{Variable: "ENGINE_HOSTNAMES", Value: strings.Join(e.Hostnames, ","), Rule: "is only for engines of AURA_ENGINE_NETWORKS, which is not set"}
	}
	for _, name := range e.Hostnames {
		if name = strings.TrimSpace(name); name == "" || strings.ContainsAny(name, ":/@*[] ") {
			return &config.Mistake{Variable: "ENGINE_HOSTNAMES", Value: name, Rule: "must be names such as engine-api, without scheme, port and path"}
		}
	}
	return nil
}

// admit reports whether a request comes from an engine that needs no token. An
// undeclared proxy in between could speak for anybody. The name is checked
// against DNS rebinding: a page of that name would be no foreign page.
func (e Engines) admit(r *http.Request, proxies Networks) bool {
	addr, sure := proxies.client(r)
	return sure && e.Networks.contain(addr) && e.named(r.Host) && !crossSite(r)
}

func (e Engines) named(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	host = strings.TrimSuffix(host, ".")
	is := func(name string) bool { return strings.EqualFold(host, strings.TrimSpace(name)) }
	return is("localhost") || slices.ContainsFunc(e.Hostnames, is)
}
