package heartbeat

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/relay"
)

// Config of the listener. It is meant to be filled by config.Load.
type Config struct {
	Listen  string         `env:"HEARTBEAT_LISTEN" envDefault:"127.0.0.1:43334" doc:"Address and UDP port at which heartbeats arrive."`
	Sources map[int]Sender `family:"SOURCE" doc:"Where the source's heartbeats come from: an address or a host name, with :port if several engines share a host. Prefer an address: a source is not heard until its host name is resolved. Set it only for a source that sends heartbeats to this monitor itself."`
	Key     string         `env:"HEARTBEAT_KEY" secret:"true" doc:"Key of the heartbeats that engine-apis relay: at least 32 bytes in hex or base64, the same at every engine-api and monitor. Relayed heartbeats count from any address. Once a source is relayed, its plain heartbeats no longer count. Two keys, separated by a comma or a line break, may stand while they are exchanged: both count."`

	// Watched are the numbers of all sources; those without a Sender can be heard
	// only through a relay.
	Watched []int
}

// Validate names every mistake.
func (c *Config) Validate() error {
	var found []error
	host, port, err := net.SplitHostPort(c.Listen)
	if _, e := parsePort(port); err == nil && port != "0" {
		err = e
	}
	if _, e := netip.ParseAddr(host); err != nil || host != "" && e != nil {
		found = append(found, &config.Mistake{Variable: "HEARTBEAT_LISTEN", Value: c.Listen,
			Rule: "must be address:port, such as 127.0.0.1:43334 or [::]:43334"})
	}
	if _, err := c.keys(); err != nil {
		found = append(found, err)
	}
	owner := map[Sender]int{}
	for _, number := range slices.Sorted(maps.Keys(c.Sources)) {
		sender := c.Sources[number]
		if other, taken := owner[sender]; taken {
			found = append(found, &config.Mistake{Variable: "SOURCE_" + strconv.Itoa(number), Value: sender.String(),
				Rule: fmt.Sprintf("must differ from %sSOURCE_%d", config.Prefix, other)})
			continue
		}
		owner[sender] = number
		if rule := sender.unreachable(host); rule != "" {
			found = append(found, &config.Mistake{Variable: "SOURCE_" + strconv.Itoa(number), Value: sender.String(),
				Rule: fmt.Sprintf("%s: its heartbeats can't arrive at %sHEARTBEAT_LISTEN=%s", rule, config.Prefix, c.Listen)})
		}
	}
	return errors.Join(found...)
}

// keys are those of relayed heartbeats; nil if there is none.
func (c *Config) keys() (relay.Keys, error) {
	if c.Key == "" {
		return nil, nil
	}
	keys, err := relay.ReadKeys(c.Key)
	if err != nil {
		return nil, &config.Mistake{Variable: "HEARTBEAT_KEY", Rule: err.Error()}
	}
	return keys, nil
}

// numbers are those of all sources.
func (c *Config) numbers() []int {
	all := slices.AppendSeq(slices.Clone(c.Watched), maps.Keys(c.Sources))
	slices.Sort(all)
	return slices.Compact(all)
}

// unreachable tells why heartbeats of the sender never arrive at a listening
// address; "" if they may. For a host name it is "", as nothing is known of its
// addresses.
func (s Sender) unreachable(listen string) string {
	at, err := netip.ParseAddr(listen)
	if err != nil || !s.addr.IsValid() { // any address, or a mistake of its own
		return ""
	}
	anyAddress := at == netip.IPv6Unspecified() // takes IPv4, too
	switch at = at.Unmap(); {
	case at.IsLoopback() && !s.addr.IsLoopback():
		return "must be on this host"
	case !anyAddress && at.Is4() != s.addr.Is4():
		return "must be of the same family, IPv4 or IPv6"
	}
	return ""
}

// Sender is where a source's heartbeats come from.
type Sender struct {
	addr netip.Addr // unmapped; invalid if it is a host name
	name string     // lower case; "" if it is an address
	port uint16     // 0: any
}

// UnmarshalText reads address, address:port, [address]:port, name or name:port.
func (s *Sender) UnmarshalText(text []byte) error {
	in := string(text)
	if addr, err := netip.ParseAddr(strings.Trim(in, "[]")); err == nil {
		return s.set(Sender{addr: addr.Unmap()})
	}
	host, port := in, uint16(0)
	if h, p, err := net.SplitHostPort(in); err == nil {
		if port, err = parsePort(p); err != nil {
			return err
		}
		host = h
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return s.set(Sender{addr: addr.Unmap(), port: port})
	}
	if !isHostName(host) {
		return errors.New("must be an address or a host name, such as 10.0.0.5, [fd00::5]:4000 or engine1.example")
	}
	return s.set(Sender{name: strings.ToLower(host), port: port})
}

func (s *Sender) set(to Sender) error {
	if to.addr.IsUnspecified() || to.addr.IsMulticast() {
		return errors.New("must be the address of one host")
	}
	*s = to
	return nil
}

// String is the sender as it was configured.
func (s Sender) String() string {
	host := s.name
	if s.addr.IsValid() {
		host = s.addr.String()
	}
	if s.port == 0 {
		return host
	}
	return net.JoinHostPort(host, strconv.Itoa(int(s.port)))
}

func parsePort(s string) (uint16, error) {
	port, err := strconv.ParseUint(s, 10, 16)
	if err != nil || port == 0 {
		return 0, errors.New("its port must be from 1 to 65535")
	}
	return uint16(port), nil
}

// isHostName reports whether the name can be looked up. A name of digits and
// dots alone is a misspelled address.
func isHostName(s string) bool {
	letter := false
	for _, label := range strings.Split(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range label {
			isLetter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
			if !isLetter && (r < '0' || r > '9') && r != '-' && r != '_' {
				return false
			}
			letter = letter || isLetter
		}
	}
	return letter && len(s) <= 253
}
