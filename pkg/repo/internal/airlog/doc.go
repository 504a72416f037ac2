// Package airlog keeps the on-air log in the tables onair and onair_day. The
// log is what package onair derives, stored so that a website's query need not
// derive it.
//
// It promises that after Follow, within the transaction that changed something,
// the log equals what deriving it from scratch would give. It also promises
// that onair_day says how many segments begin on each day, in UTC.
package airlog
