package model

import (
	"context"
	"runtime"
)

// VisitorPlaces is how many costly reads of visitors run at once. One processor is
// left for engines, nodes and monitors.
func VisitorPlaces() int { return max(1, runtime.GOMAXPROCS(0)-1) }

type visitorKey struct{}

// ForVisitor marks what is done for a visitor: somebody without a token, who asks
// for something that takes work. A store reads it on connections of its own, so that
// nobody else waits for it.
func ForVisitor(ctx context.Context) context.Context {
	return context.WithValue(ctx, visitorKey{}, true)
}

// IsForVisitor reports whether ctx is marked by ForVisitor.
func IsForVisitor(ctx context.Context) bool { return ctx.Value(visitorKey{}) != nil }
