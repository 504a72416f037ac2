package app

import (
	"maps"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/web"
	syncconfig "aura.radio/engine/services/sync-node/internal/config"
)

// newMonitors makes the clients of the status monitors that are configured, in the same
// order. An error means that the configuration is wrong.
func newMonitors(cfg syncconfig.Config) (clients []*peer.Client, _ error) {
	for _, url := range cfg.Monitors {
		client, err := peer.New(url, cfg.Peers)
		if err != nil {
			return nil, &config.Mistake{Variable: "MONITORS", Rule: err.Error()}
		}
		clients = append(clients, client)
	}
	return clients, nil
}

// shownMonitors are the monitors whose view the status page shows.
func shownMonitors(cfg syncconfig.Config, clients []*peer.Client) []web.Monitor {
	shown := make([]web.Monitor, len(clients))
	for i, client := range clients {
		shown[i] = web.Monitor{URL: cfg.Monitors[i], Ask: client.MonitorStatus}
	}
	return shown
}

// namedSources are those that the configuration knows, with their names.
func namedSources(cfg syncconfig.Config) map[int]string {
	named := map[int]string{cfg.DefaultSource: ""}
	for number := range cfg.MainHosts {
		named[number] = ""
	}
	maps.Copy(named, cfg.SourceNames)
	return named
}
