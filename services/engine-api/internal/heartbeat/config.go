package heartbeat

import (
	"errors"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/relay"
)

// Config of the relay. It is meant to be filled by config.Load.
type Config struct {
	Listen   string         `env:"HEARTBEAT_LISTEN" doc:"Loopback address and UDP port at which the engine's heartbeats are taken to be relayed, such as 127.0.0.1:43334; it is the engine's heartbeat_server. Empty: nothing is relayed."`
	Monitors map[int]string `family:"MONITOR" doc:"Host and UDP port at which a status monitor hears heartbeats, such as host-3:43334. Each monitor gets every heartbeat that is relayed, at the first address of its name."`
	Key      string         `env:"HEARTBEAT_KEY" secret:"true" doc:"Key that signs relayed heartbeats: at least 32 bytes in hex or base64, the same at every engine-api and monitor. openssl rand -hex 32 makes one. Two keys, separated by a comma or a line break, may stand while they are exchanged: the first one signs."`
}

// Validate names every mistake.
func (c *Config) Validate() error {
	var found []error
	refuse := func(variable, value, rule string) {
		found = append(found, &config.Mistake{Variable: variable, Value: value, Rule: rule})
	}
	if c.Listen == "" {
		if len(c.Monitors) > 0 {
			refuse("HEARTBEAT_LISTEN", "", "is required to relay heartbeats to monitors, such as 127.0.0.1:43334")
		}
		return errors.Join(found...)
	}
	if to, err := netip.ParseAddrPort(c.Listen); err != nil || !to.Addr().Unmap().IsLoopback() {
		refuse("HEARTBEAT_LISTEN", c.Listen, "must be a loopback address and a port, such as 127.0.0.1:43334: whoever reaches it could keep an engine alive that is dead")
	}
	if len(c.Monitors) == 0 {
		refuse("MONITOR_1", "", "is required to relay heartbeats, such as host-3:43334")
	}
	for _, number := range slices.Sorted(maps.Keys(c.Monitors)) {
		if _, _, err := split(c.Monitors[number]); err != nil {
			refuse("MONITOR_"+strconv.Itoa(number), c.Monitors[number], err.Error())
		}
	}
	if c.Key == "" {
		refuse("HEARTBEAT_KEY", "", "is required to relay heartbeats: openssl rand -hex 32 makes one")
	} else if _, err := relay.ReadKeys(c.Key); err != nil {
		refuse("HEARTBEAT_KEY", "", err.Error())
	}
	return errors.Join(found...)
}

// split reads where a monitor hears heartbeats.
func split(monitor string) (host string, port uint16, err error) {
	host, digits, err := net.SplitHostPort(monitor)
	number, wrong := strconv.ParseUint(digits, 10, 16)
	if err != nil || wrong != nil || host == "" || number == 0 {
		return "", 0, errors.New("must be a host and a port, such as host-3:43334 or [fd00::3]:43334")
	}
	return host, uint16(number), nil
}
