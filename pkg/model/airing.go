package model

import "time"

// Airing is one time that an entry was on air.
type Airing struct {
	From  time.Time // UTC
	Until time.Time // UTC; zero: nothing is known that ends it
}
