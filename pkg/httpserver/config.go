package httpserver

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"aura.radio/engine/pkg/config"
)

// Config is the block of variables that every service has. It is meant to be
// filled by config.Load; a service with another default port sets Listen before
// that.
type Config struct {
	Listen         string   `env:"LISTEN" envDefault:"127.0.0.1:8008" doc:"Address and port of the HTTP server. A socket that systemd passes takes precedence."`
	Tokens         Tokens   `env:"API_TOKENS" secret:"true" doc:"Tokens of callers from other hosts, separated by commas or line breaks. Each is name:role:secret. Roles are engine, node, monitor and admin. A secret has at least 16 characters. Two entries may have the same name and role while a secret is exchanged."`
	CORSOrigins    []string `env:"CORS_ORIGINS" envDefault:"*" doc:"Origins of websites whose scripts may read the public part of the API, such as https://radio.example, separated by commas. * means all, none means none. All may read the views, which are made for foreign websites."`
	TrustedProxies Networks `env:"TRUSTED_PROXIES" doc:"Addresses or networks of reverse proxies whose X-Forwarded-For is trusted, separated by commas."`
	LocalToken     bool     `env:"LOCAL_NEEDS_TOKEN" envDefault:"false" doc:"Programs on this host also need a token. Set this if a proxy on this host sends no header that shows that it passes requests on."`
	TLSCert        string   `env:"TLS_CERT" file:"true" doc:"PEM file with the certificate chain. With AURA_TLS_KEY the server speaks HTTPS."`
	TLSKey         string   `env:"TLS_KEY" file:"true" doc:"PEM file with the certificate's key."`
	TLSClientCA    string   `env:"TLS_CLIENT_CA" file:"true" doc:"PEM file with the authorities of client certificates. A client certificate serves as a token: its CN is the name, its OU the role."`
	RateLimit      float64  `env:"RATE_LIMIT" envDefault:"50" doc:"How many requests a second an address outside this host may make without a token. 0: no limit."`
}

// noOrigin stands in CORS_ORIGINS for a list of none: an empty variable counts as not
// set.
const noOrigin = "none"

// Validate names every mistake.
func (c *Config) Validate() error {
	var found []error
	wrong := func(variable, value, rule string) {
		found = append(found, &config.Mistake{Variable: variable, Value: value, Rule: rule})
	}
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || !isPort(port) {
		wrong("LISTEN", c.Listen, "must be address:port, such as 127.0.0.1:8008 or [::]:8008")
	}
	for _, o := range c.CORSOrigins {
		if u, err := url.Parse(o); o != "*" && o != noOrigin && (err != nil || u.Host == "" || o != u.Scheme+"://"+u.Host) {
			wrong("CORS_ORIGINS", o, "must be *, none, or origins such as https://radio.example without a path")
		}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		wrong("TLS_CERT", c.TLSCert, "must be set together with AURA_TLS_KEY")
	} else if _, err := c.certificates(); err != nil {
		found = append(found, err)
	}
	if c.RateLimit < 0 || math.IsNaN(c.RateLimit) || math.IsInf(c.RateLimit, 0) {
		wrong("RATE_LIMIT", fmt.Sprint(c.RateLimit), "must be 0 or more requests a second")
	}
	return errors.Join(found...)
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// OwnURL is where a program of the same host calls the service. With a certificate
// that is by the name localhost, for which the certificate must be good too.
func (c *Config) OwnURL() string {
	host, port, _ := net.SplitHostPort(c.Listen) // a valid configuration has both
	scheme, loopback := "http", "127.0.0.1"
	if c.TLSCert != "" {
		scheme, loopback = "https", "localhost"
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && (ip.IsUnspecified() || c.TLSCert != "" && ip.IsLoopback()) {
		host = loopback
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
