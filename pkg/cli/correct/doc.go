// Package correct is the command line by which people correct many entries at
// once: a range of time, chosen further by show, title, artist or source, or
// single ones.
//
// It calls the running service, which keeps its rules: every correction has a
// name and a reason. It promises that a dry run changes nothing; that a command
// that was interrupted is completed by running it again, which changes no entry
// twice; that one entry that is refused does not hold up the others; and that
// the exit code is 0 only if none was refused.
package correct
