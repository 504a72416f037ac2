package setup

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"aura.radio/engine/pkg/instance"
)

// Invitation is all that a host must know to join a station.
type Invitation struct {
	Guest  string `json:"guest"`          // node-1, or monitor
	Number int    `json:"number"`         // of a node; 0 for a monitor
	URL    string `json:"url,omitempty"`  // where the sync node reaches the guest
	Zone   string `json:"zone,omitempty"` // of the station
	// Instance is the name that all instances of the station have; "" if they have none.
	Instance instance.Name `json:"instance,omitempty"`

	SyncHost string `json:"sync_host"` // URL of the sync node
	// Fingerprint is that of the sync node's certificate; "" if it has none.
	Fingerprint string `json:"fingerprint,omitempty"`
	// Secret is the one with which the guest calls the others.
	Secret string `json:"secret"`
	// Callers are the tokens of those who call the guest.
	Callers string `json:"callers,omitempty"`

	// Engines are the URLs of the engine-apis by number, for a monitor.
	Engines map[int]string `json:"engines,omitempty"`
	// HeartbeatKey signs the heartbeats that engine-apis relay to the Monitors; ""
	// if the engines send none.
	HeartbeatKey string   `json:"heartbeat_key,omitempty"`
	Monitors     []string `json:"monitors,omitempty"`
}

const (
	// mark begins the line, so that whoever sees it knows what it is. The number is
	// that of the form.
	mark = "AURA-SECRET-INVITATION-1."
	// sumLength is how many bytes of a checksum a line has.
	sumLength = 4
)

// Line is the invitation as one line, to be copied. It is a secret.
func (i Invitation) Line() string {
	text, err := json.Marshal(i)
	if err != nil {
		panic(err) // it has only texts and numbers
	}
	sum := sha256.Sum256(text)
	return mark + base64.RawURLEncoding.EncodeToString(append(sum[:sumLength], text...))
}

// ParseInvitation reads a line. The errors repeat nothing of it.
func ParseInvitation(line string) (Invitation, error) {
	code, isLine := strings.CutPrefix(strings.TrimSpace(line), mark)
	if !isLine {
		if strings.HasPrefix(line, "AURA-SECRET-INVITATION-") {
			return Invitation{}, errors.New("this invitation is of another version; update the older of the two programs, and invite again")
		}
		return Invitation{}, fmt.Errorf("this is no invitation; copy the line that begins with %s, as `sync-node invite` prints it", mark)
	}
	raw, err := base64.RawURLEncoding.DecodeString(code)
	if err != nil || len(raw) < sumLength {
		return Invitation{}, errDamaged
	}
	var i Invitation
	sum := sha256.Sum256(raw[sumLength:])
	if string(sum[:sumLength]) != string(raw[:sumLength]) || json.Unmarshal(raw[sumLength:], &i) != nil {
		return Invitation{}, errDamaged
	}
	return i, nil
}

var errDamaged = errors.New("this invitation is not complete, or was changed; copy the whole line")

// CheckNode is a Check: the invitation of a node, for an instance.
func CheckNode(i instance.Instance) func(line string) error {
	return check(i, func(v Invitation) error {
		if v.Number == 0 {
			return fmt.Errorf("this invitation is for %s; `sync-node invite node-1` makes that of a node", v.Guest)
		}
		return nil
	})
}

// CheckMonitor is a Check: the invitation of a monitor, for an instance.
func CheckMonitor(i instance.Instance) func(line string) error {
	return check(i, func(v Invitation) error {
		if v.Number != 0 {
			return fmt.Errorf("this invitation is for %s; `sync-node invite monitor` makes that of a monitor", v.Guest)
		}
		return nil
	})
}

// check refuses an invitation by the station of another instance: it would take the
// instance out of its own.
func check(i instance.Instance, guest func(Invitation) error) func(line string) error {
	return func(line string) error {
		v, err := ParseInvitation(line)
		if err == nil {
			err = guest(v)
		}
		if err == nil && v.Instance != i.Name {
			err = fmt.Errorf("this invitation is for another instance; it is right for: %s", instance.Instance{Service: i.Service, Name: v.Instance}.Command("setup --join -"))
		}
		return err
	}
}
