// Package airlog keeps the on-air log in the tables onair and onair_day: what
// package onair derives, materialized, because a website must not pay for it.
//
// It promises that after Follow, within the transaction that changed something,
// the log is what deriving it from scratch would give, and that onair_day says how
// many segments begin on each day, in UTC.
package airlog
