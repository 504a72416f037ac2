// Package refused keeps what engines sent and nobody understood.
//
// It promises that a body that was refused is on the disk as it came, with when
// and from whom it came and why it was refused, also while the database is away;
// that keeping it delays the answer by half a second at most and changes nothing
// of it; that all of it takes at most 16 MiB, and nothing is older than 90 days;
// and that a flood of such bodies is cut and counted. Plays are the last to go.
package refused
