package command

import (
	"net"
	"net/netip"

	"aura.radio/engine/services/engine-api/internal/config"
)

// ownURL is where the service of this configuration is called on its own host.
func ownURL(cfg config.Config) string {
	host, port, _ := net.SplitHostPort(cfg.HTTP.Listen) // the configuration is valid
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if cfg.HTTP.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
