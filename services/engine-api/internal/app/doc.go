// Package app is engine-api as a whole: it wires the parts over the base that
// every service has.
//
// It promises that an acknowledged request is durable, and also what package
// lifecycle promises.
package app
