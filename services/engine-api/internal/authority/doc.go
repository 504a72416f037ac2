// Package authority knows which source is active in a redundant deployment, in
// which the sync node decides it.
//
// It promises that a request to activate a source is judged and stored by the
// sync node, or refused, and never goes in a circle; that no other node is
// taken for the sync node; that the active source is answered from memory and
// never waits for the sync node; and that this answer says when it is only the
// last known state, which survives a restart of this node. Every activation
// that the sync node tells of is copied within seconds, so that it can be given
// back. The rules of pkg/source decide what may be activated.
package authority
