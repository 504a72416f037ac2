// Package heard derives what was heard of one source from what was said of it:
//
//	func Derive(c Config, plays []Play, reports []Report) []Heard
package heard
