// Package backup is the commands that copy all that a service stores into a folder,
// while it runs, and put such a copy in its place again.
//
// It promises that a backup is whole or not there, however its making ends; that it
// was read from its beginning to its end when its making ends well; and that a
// backup is only deleted while a newer one of the same database is whole. It
// promises that a restore is done or not begun, that it deletes nothing, that it takes
// no backup of another service, and that it takes one of another host or instance only
// if it is forced to.
package backup
