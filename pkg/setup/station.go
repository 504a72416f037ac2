package setup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/model"
)

// Names and roles of the callers of a station.
const (
	monitorGuest = "monitor"
	nodePrefix   = "node-"
	roleNode     = "node"
	roleMonitor  = "monitor"
)

// Station is what the sync node's host keeps for invitations, besides the service's
// own configuration.
type Station struct {
	URL          string   `json:"url"` // of the sync node, as other hosts reach it
	HeartbeatKey string   `json:"heartbeat_key,omitempty"`
	Monitors     []string `json:"monitors,omitempty"` // where heartbeats are relayed to
}

// stationFile is its name in the sync node's folder.
const stationFile = "station"

// Station reads what was kept; nothing if the host was not set up.
func (p Place) Station() (Station, error) {
	var s Station
	text, err := os.ReadFile(p.secret(stationFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, nil
	case err != nil:
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w", p.secret(stationFile), err)
	}
	return s, nil
}

// KeepStation keeps it for invitations. No service reads it.
func (p Place) KeepStation(s Station) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return p.keep(p.secret(stationFile), string(text)+"\n")
}

// Inviter is a sync node that invites others. All of it is of its configuration.
type Inviter struct {
	Instance    instance.Name
	Station     Station
	Zone        string
	Engines     map[int]string // URLs by number
	Secret      string         // with which the sync node calls others
	Tokens      Tokens         // of those who call it
	Fingerprint string
}

// Invite makes an invitation for node-1, node-2, … or monitor, with a fresh secret
// for a node. tokens are those that the sync node must take from then on. A node
// that was invited before may go on with the secret that it has, unless forget says
// otherwise.
func (v Inviter) Invite(guest string, forget bool) (_ Invitation, tokens Tokens, _ error) {
	setup := instance.Instance{Service: model.SyncNode, Name: v.Instance}.Command("setup")
	if v.Station.URL == "" || v.Secret == "" {
		return Invitation{}, nil, fmt.Errorf("this sync node was not set up by `%s`: run that first", setup)
	}
	i := Invitation{
		Guest: guest, Zone: v.Zone, Instance: v.Instance, SyncHost: v.Station.URL, Fingerprint: v.Fingerprint,
		HeartbeatKey: v.Station.HeartbeatKey, Monitors: v.Station.Monitors,
	}
	monitor := v.Tokens.secrets(monitorGuest)
	if len(monitor) == 0 {
		return Invitation{}, nil, fmt.Errorf("AURA_API_TOKENS lacks the token of the monitors: run `%s` again", setup)
	}
	i.Secret = monitor[len(monitor)-1]
	if guest == monitorGuest {
		if forget { // every node knows it, too
			return Invitation{}, nil, errors.New("the secret of the monitors is that of the whole station: it can't be forgotten alone")
		}
		i.Engines = v.Engines
		return i, v.Tokens, nil
	}
	number, err := nodeNumber(guest)
	if err != nil {
		return Invitation{}, nil, err
	}
	i.Number, i.URL = number, v.Engines[number]
	if i.URL == "" {
		return Invitation{}, nil, fmt.Errorf("%s has no address yet; `%s --engines` gives addresses to %s", guest, setup, v.known())
	}
	i.Callers = Tokens{{model.SyncNode, roleNode, v.Secret}, {monitorGuest, roleMonitor, i.Secret}}.String()
	i.Secret = NewSecret()
	kept := 1
	if forget {
		kept = 0
	}
	return i, v.Tokens.With(Token{guest, roleNode, i.Secret}, kept), nil
}

// known names the nodes that have an address.
func (v Inviter) known() string {
	var names []string
	for _, number := range slices.Sorted(maps.Keys(v.Engines)) {
		names = append(names, nodePrefix+strconv.Itoa(number))
	}
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ") + " so far"
}

func nodeNumber(guest string) (int, error) {
	digits, isNode := strings.CutPrefix(guest, nodePrefix)
	number, err := strconv.Atoi(digits)
	if !isNode || err != nil || number < 1 || strconv.Itoa(number) != digits {
		return 0, fmt.Errorf("%q can't be invited; say node-1, node-2, … or monitor", guest)
	}
	return number, nil
}

// MonitorToken is the token of the monitors, whom every node and the sync node
// know.
func (t Tokens) MonitorToken() Tokens {
	if len(t.secrets(monitorGuest)) > 0 {
		return t
	}
	return append(slices.Clone(t), Token{monitorGuest, roleMonitor, NewSecret()})
}
