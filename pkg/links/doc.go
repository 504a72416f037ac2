// Package links makes the addresses of what the station has elsewhere of a play:
// its cover, and the recording of the time at which it was heard.
//
// It promises that an address leads to where the configuration says, and nowhere
// else, whatever an engine sent as artist or title; and that there is no address if
// what it needs is not known.
package links
