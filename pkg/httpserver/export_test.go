package httpserver

// Envelope is for tests.
var Envelope = envelope
