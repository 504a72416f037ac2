// Package peer is the HTTP client that the nodes of a redundant deployment use
// for one another: engine-api and the status monitor to reach the sync node, and
// the sync node to reach every engine-api.
//
// It promises that every call ends with its context or the configured timeout,
// whichever is earlier; that what a peer answers is read up to a bound only,
// and is never taken for more than it says; that a write goes where it was
// addressed and to no redirect; and that every error names the peer. It never
// repeats a call by itself: what is sent may be sent again by whoever calls,
// because a receiver that has it already changes nothing.
package peer
