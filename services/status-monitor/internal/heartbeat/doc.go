// Package heartbeat receives the engines' heartbeats: UDP datagrams of any
// content, whose sender address tells the source, and those that engine-apis relay.
//
// It promises that a slow consumer makes no source look silent. Heartbeats that
// arrive while nobody takes them are coalesced per source, as a count and the
// time of the last. The memory for them depends only on the number of sources.
// Datagrams from elsewhere are counted and cost no more than that. Their senders
// are logged at a bounded rate. No datagram, known or strange, allocates memory.
//
// A source is an address or a host name, optionally with a port if several
// engines share a host. An address with its port goes before the address alone.
// An IPv4 address that comes mapped into IPv6 is the IPv4 address. A host name
// stands for all its addresses. It is resolved again every minute, and the last
// known addresses count while that fails. If two names come to mean one address,
// it belongs to the source with the lower number. A zone of an IPv6 address
// counts if one is configured.
//
// With a key, a relayed heartbeat counts by its signature and numbers alone, as
// package relay says, from any address, and for any watched source. Once a source is
// relayed, plain datagrams no longer count for it: an address can be forged. Without
// a key, a relayed heartbeat is as good as any datagram.
package heartbeat
