// Package answercache serves public reads from memory: ready bytes, rendered once
// per change, in front of the router.
//
// It promises that after Invalidate has returned, nothing that was rendered
// before is served as fresh; that a burst of requests after a change renders
// once; and that what it holds is bounded. While the database is away, or too many
// visitors ask for something else, the cache serves the last answer, marked as
// stale. For answers with
// Policy.Confirm that is all it does: the handler is asked each time. An answer
// that no handler keeps passes through as if the cache were not there, streams
// included.
package answercache
