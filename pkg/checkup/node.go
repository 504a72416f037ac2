package checkup

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"strconv"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/stationtime"
)

// maxOffset is how far the clocks of two hosts may be apart: more shows in the
// on-air log.
const maxOffset = time.Second

// Node is another host of the station, as this one must find it.
type Node struct {
	Subject string // such as "sync node"
	Client  *peer.Client
	HostID  int
	Version string            // of this host's program; "" if that says nothing
	Zone    *stationtime.Zone // of this host; nil if it has none
}

// Node checks the way to another host: reach, token, what answers there, its clock,
// its zone and its version. It returns false if the host does not answer.
func (r *Report) Node(ctx context.Context, n Node) bool {
	state, offset, err := n.Client.State(ctx)
	if err != nil {
		r.Fails(n.Subject, "%s", Why(err))
		return false
	}
	if state.HostID != n.HostID {
		r.Fails(n.Subject, "host %d answers there, and host %d should", state.HostID, n.HostID)
		return false
	}
	r.Works(n.Subject, "it answers this host and takes its token")
	if offset.Abs() > maxOffset {
		r.Look(n.Subject, "its clock is %s %s this host's: is chrony or systemd-timesyncd running on both?", offset.Abs().Round(time.Millisecond), direction(offset))
	} else {
		r.Works(n.Subject, "its clock is this host's, to %s", offset.Abs().Round(time.Millisecond))
	}
	r.zone(n, state)
	r.version(n, state)
	return true
}

func direction(offset time.Duration) string {
	if offset < 0 {
		return "behind"
	}
	return "ahead of"
}

func (r *Report) zone(n Node, state peer.State) {
	if n.Zone == nil || state.Offsets == nil {
		return
	}
	if _, differs := n.Zone.Differs(state.Offsets, time.Now()); differs {
		r.Fails(n.Subject, "its time zone is %s and this host's is %s: set AURA_STATION_TIMEZONE alike", state.Zone, n.Zone.Name())
		return
	}
	r.Works(n.Subject, "its time zone is this host's: %s", state.Zone)
}

func (r *Report) version(n Node, state peer.State) {
	switch {
	case state.Edition < model.ThisEdition:
		r.Look(n.Subject, "it is of an older version, which can't keep all that this one can: update it")
	case state.Edition > model.ThisEdition:
		r.Look(n.Subject, "it is of a newer version, which keeps more than this one: update this host")
	case n.Version != "" && state.Version != "" && state.Version != n.Version:
		r.Look(n.Subject, "its version is %s, and this host's is %s", state.Version, n.Version)
	}
}

// AdviceAuthority is what helps against a certificate of an authority that a host
// does not know.
const AdviceAuthority = "put the certificate of the authority into /usr/local/share/ca-certificates, as a .crt file, run update-ca-certificates, and restart the service"

// Why says why a call to another host failed, and what to do about it.
func Why(err error) string {
	status, answered := errors.AsType[*peer.StatusError](err)
	switch {
	case answered && status.Status == http.StatusForbidden:
		return err.Error() + ": it knows this host's token with another role; invite this host again"
	case answered && refuses(status):
		return err.Error() + ": it does not know this host's token (AURA_SYNC_TOKEN); invite this host again"
	case answered:
		return err.Error()
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return err.Error() + ": " + AdviceAuthority
	case errors.Is(err, peer.ErrUnsupported):
		return err.Error() + ": what answers there is no service of this project, or an original node"
	}
	return err.Error() + ": is the host up, does the service listen there (AURA_LISTEN), and does a firewall let this host through?"
}

func refuses(s *peer.StatusError) bool {
	return s.Status == http.StatusUnauthorized || s.Status == http.StatusForbidden
}

// Seen adds what a sync node says of a node: whether it reaches it.
func (r *Report) Seen(subject string, n api.NodeState) {
	switch {
	case !n.Reachable:
		r.Fails(subject, "the sync node does not reach %s: %s; it asks again within half a minute", n.Url, cmp.Or(n.Detail, "it did not ask yet"))
	case n.Detail != "":
		r.Look(subject, "the sync node reaches %s, and says: %s", n.Url, n.Detail)
	case n.Reconciled == nil:
		r.Look(subject, "the sync node reaches %s, and did not compare the records yet", n.Url)
	default:
		r.Works(subject, "the sync node reaches %s, and compared the records at %s", n.Url, n.Reconciled.Format(time.RFC3339))
	}
}

// NodeName is a node as a subject.
func NodeName(number int) string { return "node " + strconv.Itoa(number) }
