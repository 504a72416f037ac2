package command

import (
	"net"
	"net/netip"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/engine-api/internal/config"
)

// openNode opens the service's database, which must exist.
func openNode(cfg config.Config, log zerolog.Logger) (*repo.Node, error) {
	return repo.OpenExistingNode(cfg.Database, log)
}

// zoneOf is the station's zone.
func zoneOf(cfg config.Config) *stationtime.Zone { return cfg.Station.Zone }

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
