// Package titles says what a title is: which spellings of an artist and a title
// name the same work, how it is searched, and what is known of its plays.
//
// It promises that the same text folds to the same letters in every program and
// on every database, because it is folded here and not by a database's collation.
// A title's key follows from its folded artist and title alone.
package titles
