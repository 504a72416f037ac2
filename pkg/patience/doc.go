// Package patience says how long tests wait for what must happen. It promises
// that the speed of the machine decides about no test that waits with it: the
// bounds are far away, and AURA_TEST_PATIENCE, a factor, moves all of them.
//
// Only what would otherwise hang needs a bound. How long something takes is for
// benchmarks to say.
package patience
