package api

// PassedOnHeader marks a request that a node passes on for its caller. It
// prevents circles: a node that would pass the request on again refuses it.
const PassedOnHeader = "Aura-Passed-On"
