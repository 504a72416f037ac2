// Package archive is the commands that write the plays of a database to a file and
// store those of a file again, in JSON lines or CSV.
//
// It promises that a play which is written and stored again is the same record with
// the same content hash: with its arrival, its tellings, its doubts and its
// corrections; that a file has everything or is not there; and that to store a file
// twice changes nothing.
package archive
