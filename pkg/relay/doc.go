// Package relay is the datagram by which an engine-api relays an engine's
// heartbeat to status monitors, and what a monitor takes for one.
//
// It promises that a heartbeat counts only if a relay with the station's key made
// it after this monitor began to listen to that relay, and never twice. It
// promises that a monitor knows exactly how many heartbeats of a relay it missed
// between two that counted; one that was overtaken on the way is missed. No
// address, date or clock has a part in that.
//
// # The datagram
//
// A relay numbers the heartbeats that it takes from the engine: 1, 2, 3 … It draws
// a random start number when it starts. A monitor gives it a nonce. All numbers are
// big-endian.
//
//	bytes   heartbeat                      challenge
//	 0-3    "AHB1"                         "AHC1"
//	 4-7    source                         source
//	 8-15   start number                   the start number that is challenged
//	16-23   number of the heartbeat        0
//	24-31   the nonce; 0 before the first  the nonce
//	        challenge
//	32-63   HMAC-SHA-256 of all before     the same
//
// A later version has another digit. A datagram of an unknown version is refused.
//
// # Replays
//
// A heartbeat counts if its start is the one that the monitor follows, its nonce is
// the one that the monitor gave to that start, and its number is greater than all
// before. If start or nonce is another one, the monitor sends a nonce for that start
// back to where the heartbeat came from. The relay answers with its last heartbeat,
// if the engine sent that less than two seconds ago, and the monitor then follows
// that start. So a start of a relay costs no heartbeat, but two more datagrams. With
// every start that it follows, a monitor gives other nonces.
//
// A recorded heartbeat bears an old nonce, or an old number: whoever repeats it
// gets a challenge that only a relay with the key can answer. What remains: who
// can hold up datagrams on the way may still deliver each of them once, later. Two
// relays of one source take turns, which shows as many challenges.
//
// # The key
//
// All relays and monitors of a station share one key, of at least 32 bytes. Who has
// it can relay for any source. While the key is exchanged, a second one stands next to
// it: the first one of a relay signs what the relay sends, and a monitor answers with
// the key by which it was asked. Number and nonce are not of a key. So heartbeats
// count without a gap if the monitors know both keys before a relay signs with the new
// one.
package relay
