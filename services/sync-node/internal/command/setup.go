package command

import (
	"cmp"
	"context"
	"net"
	"strconv"
	"strings"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/setup"
)

// The ports of the services.
const (
	port       = "8010"
	enginePort = "8008"
	beatsPort  = "43334"
)

// Flags of the questions that only a sync node asks.
const (
	flagAddress  = "address"
	flagEngines  = "engines"
	flagBeats    = "heartbeats"
	flagMonitors = "monitors"
	flagCert     = "tls-cert"
	flagKey      = "tls-key"
)

// plan sets up the host of the sync node.
var plan = setup.Plan{Questions: questions, Derive: derive}

// ports are those that hold unless an answer says otherwise.
type ports struct{ own, engine, beats string }

// portsOf are those of a place. The instances of one programme are alike on all hosts.
func portsOf(at setup.Place, now map[string]string) ports {
	own := at.FreePort(setup.Listen, port)
	if present := setup.PortOf(now[setup.Listen]); at.Name != "" && present != "" {
		own = present
	}
	return ports{own, setup.Shifted(enginePort, own, port), setup.Shifted(beatsPort, own, port)}
}

func questions(at setup.Place, now map[string]string) []setup.Question {
	station, _ := at.Station() // if it can't be read, Derive says so
	ports := portsOf(at, now)
	beats := "no"
	if station.HeartbeatKey != "" {
		beats = "yes"
	}
	return []setup.Question{
		setup.Zone(now, nil),
		{
			Flag: flagAddress, Help: "address of this host as the engines' hosts reach it, such as 192.0.2.3; also a URL", Ask: "Address of this host, as the engines' hosts reach it",
			Default: setup.Always(station.URL), Required: true, Check: func(answer string) error { _, err := setup.URL(answer, ports.own); return err },
		},
		{
			Flag: flagEngines, Help: "addresses of the engines' hosts, such as 192.0.2.1,192.0.2.2; the first is node 1", Ask: "Addresses of the engines' hosts, separated by commas; the first is node 1",
			Default: setup.Always(strings.Join(engines(now), ",")), Required: true, Check: func(answer string) error { _, err := setup.URLs(answer, ports.engine); return err },
		},
		{
			Flag: flagBeats, Help: "whether the engines send heartbeats over UDP, yes or no: engines until 2023 do; default: as before, otherwise no", Ask: "Do the engines send heartbeats over UDP (engines until 2023 do)? yes or no",
			Default: setup.Always(beats), Check: setup.OneOf("yes", "no"),
		},
		{
			Flag: flagMonitors, Help: "where status monitors hear heartbeats, such as 192.0.2.3:" + beatsPort + "; default: as before, otherwise this host",
			Default: func(a setup.Answers) string {
				url, _ := setup.URL(a[flagAddress], ports.own) // it was checked
				return cmp.Or(strings.Join(station.Monitors, ","), net.JoinHostPort(setup.HostOf(url), ports.beats))
			}, Needless: func(a setup.Answers) bool { return a[flagBeats] != "yes" }, Check: setup.CheckHostPorts,
		},
		{Flag: setup.FlagListen, Help: "address and port of the service; default: as --address says", Default: func(a setup.Answers) string {
			url, _ := setup.URL(a[flagAddress], ports.own) // it was checked
			return setup.ListenFor(url, ports.own)
		}, Check: setup.CheckListen},
		{Flag: flagCert, Help: "PEM file with this host's certificate, for HTTPS; default: as before", Default: setup.Always(now["AURA_TLS_CERT"])},
		{Flag: flagKey, Help: "PEM file with the certificate's key; default: as before", Default: setup.Always(now["AURA_TLS_KEY"])},
		setup.Database("aura_sync_node"),
	}
}

// engines are the URLs of the engine-apis, in order.
func engines(now map[string]string) []string {
	var urls []string
	for n := 1; now[mainHost(n)] != ""; n++ {
		urls = append(urls, now[mainHost(n)])
	}
	return urls
}

func mainHost(n int) string { return "AURA_MAIN_HOST_" + strconv.Itoa(n) }

func derive(_ context.Context, at setup.Place, a setup.Answers, now map[string]string) (setup.Outcome, error) {
	ports := portsOf(at, now)
	address, err := setup.URL(a[flagAddress], ports.own)
	if err != nil {
		return setup.Outcome{}, err
	}
	urls, err := setup.URLs(a[flagEngines], ports.engine)
	if err != nil {
		return setup.Outcome{}, err
	}
	station, err := at.Station()
	if err != nil {
		return setup.Outcome{}, err
	}
	if rest, isPlain := strings.CutPrefix(address, "http://"); isPlain && a[flagCert] != "" {
		address = "https://" + rest
	}
	station.URL = address
	station.HeartbeatKey, station.Monitors = beats(station.HeartbeatKey, a)
	out := setup.Outcome{
		Keep:  func() error { return at.KeepStation(station) },
		Notes: []string{"times without an offset are in " + a[setup.FlagZone]},
	}
	out.Start(at)
	out.Next = append(out.Next, at.Command("invite monitor")+" | "+at.As(model.StatusMonitor).Command("setup --join -"))
	out.Set("AURA_STATION_TIMEZONE", a[setup.FlagZone])
	out.Set(setup.Listen, a[setup.FlagListen])
	out.SetSecret("AURA_API_TOKENS", setup.ParseTokens(now["AURA_API_TOKENS"]).MonitorToken().String())
	out.SetSecret("AURA_SYNC_TOKEN", cmp.Or(now["AURA_SYNC_TOKEN"], setup.NewSecret()))
	out.Set("AURA_TLS_CERT", a[flagCert])
	out.Set("AURA_TLS_KEY", a[flagKey])
	out.SetDatabase(a)
	out.UnsetFamily(now, "AURA_MAIN_HOST")
	var hosts []string
	for n, url := range urls {
		out.Set(mainHost(n+1), url)
		hosts = append(hosts, setup.HostOf(url))
		out.Next = append(out.Next, at.Command("invite node-"+strconv.Itoa(n+1)))
	}
	for _, monitor := range station.Monitors {
		if host := setup.HostOf("udp://" + monitor); host != setup.HostOf(address) {
			hosts = append(hosts, host)
		}
	}
	out.Openings = []setup.Opening{{Protocol: "tcp", Port: setup.PortOf(a[setup.FlagListen]), From: hosts}}
	return out, nil
}

// beats are the key of heartbeats and where they are heard; nothing if the engines
// send none.
func beats(key string, a setup.Answers) (string, []string) {
	if a[flagBeats] != "yes" {
		return "", nil
	}
	return cmp.Or(key, setup.NewSecret()), strings.Split(a[flagMonitors], ",")
}
