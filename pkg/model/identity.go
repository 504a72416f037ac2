package model

import (
	"errors"
	"fmt"
	"time"
)

// The services, by the names of their binaries.
const (
	EngineAPI     = "engine-api"
	SyncNode      = "sync-node"
	StatusMonitor = "status-monitor"
)

// Owner is the service to which a database belongs.
type Owner struct {
	Service string // EngineAPI, SyncNode or StatusMonitor
	// Host is the number of its host; 0 if the service has none, or if it is not
	// known.
	Host int
}

// String names the owner for a person.
func (o Owner) String() string {
	if o.Host == 0 {
		return o.Service
	}
	return fmt.Sprintf("%s of host %d", o.Service, o.Host)
}

// IsOther reports whether the two are different for sure.
func (o Owner) IsOther(p Owner) bool {
	return o.Service != p.Service || o.Host != 0 && p.Host != 0 && o.Host != p.Host
}

// Identity tells a database from every other one, and a running service from
// others that serve a copy of the same database.
type Identity struct {
	Owner
	// Database is random. It is made once, so a copy of the database has it too.
	Database Fingerprint
	// Starts is how often a service began to serve this database.
	Starts int64
	// Start is random. It is made by each start.
	Start Fingerprint
}

// ErrTwin says that another database is the host's. What comes from this one must
// not get into the log.
var ErrTwin = errors.New("another database is known as this host's")

// Sighting is a database that told the sync node that it is a host's.
type Sighting struct {
	Identity
	// First and Last are when it was heard. After a long silence First begins
	// again.
	First, Last time.Time
	Standing    Standing
}

// Standing is what the sync node makes of a database.
type Standing string

// The standings.
const (
	Current  Standing = "current"  // it is the host's
	Replaced Standing = "replaced" // it was the host's
	Refused  Standing = "refused"  // another one is the host's
)
