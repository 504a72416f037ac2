package api

// PassedOnHeader marks a request that a node passes on for its caller, so that
// it never goes in a circle: whoever would pass it on again refuses it.
const PassedOnHeader = "Aura-Passed-On"
