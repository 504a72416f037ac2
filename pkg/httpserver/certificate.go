package httpserver

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/pkg/config"
)

// certificates are what the server needs for HTTPS.
type certificates struct {
	own      tls.Certificate
	chain    []*x509.Certificate // the own one first
	clientCA []*x509.Certificate // empty if clients need no certificates
	config   *tls.Config
}

// certificates reads the files; nil if HTTPS is not configured.
func (c *Config) certificates() (*certificates, error) {
	if c.TLSCert == "" {
		if c.TLSClientCA != "" {
			return nil, &config.Mistake{Variable: "TLS_CLIENT_CA", Value: c.TLSClientCA, Rule: "needs AURA_TLS_CERT and AURA_TLS_KEY"}
		}
		return nil, nil
	}
	var found certificates
	var err error
	if found.own, err = tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err == nil {
		found.chain, err = parseAll(found.own.Certificate)
	}
	if err != nil {
		return nil, &config.Mistake{Variable: "TLS_CERT", Value: c.TLSCert, Rule: "must name a certificate that fits AURA_TLS_KEY: " + err.Error()}
	}
	if c.TLSClientCA != "" {
		if found.clientCA, err = readPEM(c.TLSClientCA); err != nil {
			return nil, &config.Mistake{Variable: "TLS_CLIENT_CA", Value: c.TLSClientCA, Rule: "must name a readable file with PEM certificates"}
		}
	}
	found.config = found.tls()
	return &found, nil
}

func parseAll(all [][]byte) ([]*x509.Certificate, error) {
	parsed := make([]*x509.Certificate, len(all))
	for i, der := range all {
		var err error
		if parsed[i], err = x509.ParseCertificate(der); err != nil {
			return nil, err
		}
	}
	return parsed, nil
}

func readPEM(path string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			all = append(all, block.Bytes)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate")
	}
	return parseAll(all)
}

// tls is the server's side of HTTPS.
func (c *certificates) tls() *tls.Config {
	t := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{c.own}}
	if len(c.clientCA) > 0 {
		t.ClientCAs = x509.NewCertPool()
		for _, authority := range c.clientCA {
			t.ClientCAs.AddCert(authority)
		}
		// Clients may omit it: public reads need no certificate.
		t.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return t
}

// valid returns why clients will refuse the certificate at that time, or nil.
func (c *certificates) valid(now time.Time) error {
	switch own := c.chain[0]; {
	case now.Before(own.NotBefore):
		return fmt.Errorf("is not valid before %s", own.NotBefore.Format(time.RFC3339))
	case now.After(own.NotAfter):
		return fmt.Errorf("was not valid any more after %s", own.NotAfter.Format(time.RFC3339))
	}
	return nil
}

func equalChains(a, b []*x509.Certificate) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i].Raw, b[i].Raw) {
			return false
		}
	}
	return true
}

// ends is when the first of the certificates ends.
func ends(all []*x509.Certificate) time.Time {
	first := all[0].NotAfter
	for _, c := range all[1:] {
		if c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	return first
}

// certificateDays is a metric that has a value only if there are certificates.
type certificateDays struct{ s *Server }

var certificateDaysDesc = prometheus.NewDesc("aura_tls_certificate_days",
	"Days until a certificate ends: the first of the server's chain (server), or the first of the authorities of clients (client_ca).",
	[]string{"certificate"}, nil)

// Describe implements prometheus.Collector.
func (certificateDays) Describe(out chan<- *prometheus.Desc) { out <- certificateDaysDesc }

// Collect implements prometheus.Collector.
func (m certificateDays) Collect(out chan<- prometheus.Metric) {
	present := m.s.certificates.Load()
	if present == nil {
		return
	}
	for name, all := range map[string][]*x509.Certificate{"server": present.chain, "client_ca": present.clientCA} {
		if len(all) > 0 {
			days := time.Until(ends(all)).Hours() / 24
			out <- prometheus.MustNewConstMetric(certificateDaysDesc, prometheus.GaugeValue, days, name)
		}
	}
}

// Certificate is the server's own one; nil if HTTPS is not configured.
func (c *Config) Certificate() (*x509.Certificate, error) {
	all, err := c.certificates()
	if all == nil || err != nil {
		return nil, err
	}
	return all.chain[0], nil
}
