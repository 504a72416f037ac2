// Package heartbeat relays the engine's heartbeats to the status monitors: an engine
// knows one receiver, and several monitors must hear it.
//
// It promises that each heartbeat which arrives on loopback is sent on at once, and
// once, to every monitor, signed and numbered as package relay describes. No
// heartbeat is made up: if the engine is silent, so is the relay. One monitor that
// can't be reached holds up no other. It needs neither the database nor the sync
// node, so it begins before all else and ends after all else.
package heartbeat
