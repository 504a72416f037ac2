// Package e2e holds only tests. It builds the real programs, runs them as a
// station would, kills them and compares the results. What passes here holds from
// the outside, without a look into the code.
package e2e
