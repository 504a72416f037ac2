// Package app is status-monitor as a whole: it wires the parts over the base
// that every service has.
//
// It promises that the monitor watches and decides even while its database, the
// sync node or its own HTTP port are in trouble. It promises that a stop gives
// the lease back, so that a standby takes over at once. It also promises what
// package lifecycle promises.
package app
