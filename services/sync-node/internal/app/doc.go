// Package app is sync-node as a whole: it wires the parts over the base that
// every service has.
//
// It promises that an acknowledged request is durable, that its answers follow
// what other processes wrote into the same database, that no activation is
// taken before the nodes were asked for a history that may have been lost, and
// also what package lifecycle promises.
package app
