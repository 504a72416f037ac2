// Package trackservice knows which track is playing, and tells everybody who
// listens.
//
// It promises that whoever asks after a store was acknowledged is told of it;
// that every change is published once, at the moment at which it happens, also
// where only time passes; and that a slow listener delays nobody: it misses
// changes that are no longer held, and still ends up with the current track.
// While the database is away, what is known stays, for as long as it can still
// be right.
package trackservice
