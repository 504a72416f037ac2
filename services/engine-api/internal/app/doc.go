// Package app is engine-api as a whole: it wires the parts over the base that
// every service has.
//
// It promises that an acknowledged request is durable, and beside that what
// package lifecycle does.
package app
