// Package rules keeps the station's rules, by which it is derived what was heard,
// the same at this node as at the sync node, which decides them.
//
// It promises that a change at the sync node counts here within about a minute; that
// what was followed last counts while the sync node is away, after a restart too;
// that no other node is taken for the sync node; and that rules of a later version
// of this program change nothing.
//
// It also learns which plays a person purged at the sync node, in the same time, so
// that this node purges them too, also if its database was restored from a backup of
// before.
package rules
