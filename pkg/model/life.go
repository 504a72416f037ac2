package model

import "time"

// Life is what a node has heard of a source since the node started.
type Life struct {
	Source int
	// Start is another text after each start of the node: the counts begin again.
	Start          string
	Reports, Plays Words
}

// Words are how many of one kind came, and how long ago the last one came.
type Words struct {
	Count int64
	Ago   time.Duration
}
