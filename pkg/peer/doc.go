// Package peer is the HTTP client that the nodes of a redundant deployment use
// for one another. engine-api and the status monitor use it to reach the sync
// node, and the sync node uses it to reach every engine-api.
//
// It promises that every call ends with its context or the configured timeout,
// whichever is earlier. A peer's answer is read only up to a bound, and is
// never taken for more than it says. A write goes to its address and follows no
// redirect. Every error names the peer. The package never repeats a call by
// itself. The caller may send the same data again, because a receiver that
// already has it changes nothing.
package peer
