// Package heartbeat receives the engines' heartbeats: UDP datagrams of any
// content, of which the sender's address tells the source.
//
// It promises that a slow consumer makes no source look silent: what arrives
// while nobody takes it is coalesced per source, as a count and the time of the
// last, in memory that depends on the number of sources alone. Datagrams from
// elsewhere are counted and cost no more than that; who sends them is logged at
// a bounded rate. No datagram, known or strange, allocates memory.
//
// A source is an address or a host name, optionally with a port where several
// engines share a host; an address with its port goes before the address alone.
// An IPv4 address that comes mapped into IPv6 is the IPv4 address. A host name
// stands for all its addresses; it is resolved again every minute, and the last
// known ones count while that fails. Where two names come to mean one address,
// it is the source with the lower number. A zone of an IPv6 address counts
// where one is configured.
package heartbeat
