// Package httpserver is everything about HTTP that all services need once.
//
// It promises that whatever comes over the network, the answer is one that the
// contract describes: a failure is a problem document that names what is wrong,
// never a stack and never a bare 500 for bad input; that only operations
// declared public are answered without a token or a session, except to the host
// itself; that the page of another site does not write with what a browser adds by
// itself; that no request is larger, slower or more frequent than its bounds; that
// the costly reads of visitors leave a processor to everybody else; and that a stop
// finishes the requests that are under way.
//
// A request passes, in this order: superfluous slashes, CORS and the rate limit of
// anonymous callers; unless it shows a session, the service's Wrap, such as a cache
// of ready answers; then in gin the request id, log and metrics, headers, problems,
// recovery, the deadline, access, the body's form, the contract, and a place if it
// is the costly read of a visitor. The OpenAPI document alone says which operations
// exist, who may call them, what they accept, and which are costly (x-costly). The
// bodies of its lenient operations, which engines call, are only read; their
// handlers judge them.
package httpserver
