// Package documents holds only tests. They check what the documents say about each
// other and about the tree. Package e2e tests what the documents' commands do.
package documents
