// Package trackservice knows which track is playing, and tells all listeners.
//
// It promises that a question asked after a store was acknowledged is answered
// with what was stored. Every change is published once, at the moment at which
// it happens, also if only time passes. A slow listener delays nobody: it
// misses changes that are no longer held, and still ends up with the current
// track. A listener with a delay is shown what was right that long ago, by what is
// known now, so never what was corrected meanwhile. While the database is away, the
// last known track stays for as long as it can still be right.
package trackservice
