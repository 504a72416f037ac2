// Package model holds the domain: playlog entries and their corrections,
// health statuses, activations of a source, the studio clock, and the rules
// that make them what they are.
//
// It promises that the same facts give the same result wherever they are
// computed: normalizing is idempotent, a fingerprint depends on the normalized
// values alone, and merging copies of an entry is commutative, associative and
// idempotent, so all databases end up equal whatever order copies arrive in.
// The package knows neither HTTP nor SQL. Times are UTC with microseconds.
package model
