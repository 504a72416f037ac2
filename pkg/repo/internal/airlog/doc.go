// Package airlog keeps logs of what sounded, as package onair derives them, so
// that a website's query need not derive them: the on-air log of a station in the
// tables onair and onair_day, and what was heard of each source of a node in the
// tables heard and heard_day.
//
// It promises that after Follow, within the transaction that changed something or
// that reads what changed, the log equals what deriving it from scratch would
// give. It also promises that the table of days says how many segments begin on
// each day, in UTC, and that the table of titles equals what counting the plays of
// the log gives. Table title_word has the beginnings of the words of these titles. What
// the table of played titles says of a day is right if its number of segments is that of
// the table of days. A play is an entry that is in the log, no matter in how many
// segments. It was played when the first of them begins.
package airlog
