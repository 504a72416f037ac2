// Package sse hands events to many listeners as server-sent events.
//
// It promises that publishing never waits for a listener, and that a listener never
// waits for another one. Each reads at its own pace. A slow listener misses events
// that are no longer held, and still ends up with the newest one.
package sse
