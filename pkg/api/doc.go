// Package api is the HTTP contract: the OpenAPI document and what is generated
// from it, the wire types and the server interface (the client is package
// peer). It adds the document as each service serves it, the loose types and
// objects, by which engines of every age are understood, and problem documents
// (RFC 9457).
//
// It promises that the document is the truth: the generated code is checked to
// be fresh, requests are validated against the document, and in tests every
// answer is too. Wire types are not the domain's types; package handler
// translates.
package api
