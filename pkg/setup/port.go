package setup

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"aura.radio/engine/pkg/config"
)

// Variables by which services listen.
const (
	Listen = "AURA_LISTEN"
	Beats  = "AURA_HEARTBEAT_LISTEN"
)

const (
	// portStep is how far the ports of an instance are from those of the one before:
	// 8018 follows 8008, and 8020 follows 8010. So the services do not meet.
	portStep = 10
	maxPort  = 1<<16 - 1
)

// FreePort is the port at which the instance listens by a variable if nobody says
// otherwise. For an instance without a name that is the service's own. For others it
// is the first one after it, in steps, that no other service of the host has.
func (p Place) FreePort(variable, port string) string {
	first, err := strconv.Atoi(port)
	if p.Name == "" || err != nil {
		return port
	}
	others := p.others(variable)
	for n := first + portStep; n <= maxPort; n += portStep {
		free := strconv.Itoa(n)
		if others[free] == "" && canListen(variable, free) {
			return free
		}
	}
	return port // the service will say that the port is taken
}

// Shifted is the port of another service for the same programme, if nobody says
// otherwise: it is as far from that service's usual port as own is from ours.
func Shifted(port, own, usual string) string {
	theirs, err1 := strconv.Atoi(port)
	at, err2 := strconv.Atoi(own)
	from, err3 := strconv.Atoi(usual)
	if n := theirs + at - from; err1 == nil && err2 == nil && err3 == nil && n > 0 && n <= maxPort {
		return strconv.Itoa(n)
	}
	return port
}

// others are the files of the other services' configurations by the ports at which
// these listen by a variable.
func (p Place) others(variable string) map[string]string {
	files, _ := filepath.Glob(filepath.Join(string(p.Dir), "*"+envSuffix)) // the pattern is right
	found := map[string]string{}
	for _, file := range files {
		if file == p.File() {
			continue
		}
		environ, err := config.ReadEnvFile(file) // what can't be read does not count
		if port := PortOf(environ.Environ()[variable]); err == nil && port != "" {
			found[port] = file
		}
	}
	return found
}

// canListen reports whether nobody has the port on any address of this host.
func canListen(variable, port string) bool {
	if variable == Beats {
		conn, err := net.ListenPacket("udp", ":"+port)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	}
	l, err := net.Listen("tcp", ":"+port)
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// collision says if an instance with a name would listen where somebody else of this
// host does. Where it listens now is its own.
func (p Place) collision(now map[string]string, settings []Setting) error {
	if p.Name == "" {
		return nil
	}
	for _, s := range settings {
		port := PortOf(s.Value)
		if s.Variable != Listen && s.Variable != Beats || port == "" || port == PortOf(now[s.Variable]) {
			continue
		}
		if file := p.others(s.Variable)[port]; file != "" {
			return fmt.Errorf("%s=%s: port %s is that of %s; choose another one", s.Variable, s.Value, port, file)
		}
		if !canListen(s.Variable, port) {
			return fmt.Errorf("%s=%s: somebody on this host has port %s already; choose another one", s.Variable, s.Value, port)
		}
	}
	return nil
}
