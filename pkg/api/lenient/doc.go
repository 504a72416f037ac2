// Package lenient reads JSON that is not quite JSON, as engines send it.
//
// It promises that what encoding/json understands is returned as it is, without
// a copy; that anything else is mended only if its meaning is certain, and
// otherwise refused; that each kind of mending leaves a doubt; and that what it
// returns is JSON in UTF-8.
package lenient
