// Package documents holds only tests: what the documents say about each other and
// about the tree must be so. What their commands do is tested in package e2e.
package documents
