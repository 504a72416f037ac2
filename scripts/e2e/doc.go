// Package e2e holds only tests: it builds the real programs, runs them as a
// station would, kills them and compares. What passes here holds from the
// outside, without a look into the code.
package e2e
