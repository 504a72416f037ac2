package main

import (
	"fmt"
	"time"
)

// object is a JSON object as a Python engine would build it.
type object = map[string]any

// message is what an engine says in one request.
type message struct {
	path string
	body object
}

// wire is how engines of one generation speak.
type wire interface {
	habits() habits
	// titled is what an engine says when a title begins. The play comes first.
	titled(p play, rest []play, next slot) []message
	// health is what an engine says about itself. fallback: the studio is silent.
	health(at time.Time, fallback bool) (message, error)
}

// habits are how an engine goes about speaking.
type habits struct {
	// patience is how long it waits for an answer; 0 is for ever.
	patience time.Duration
	// terse: it sends no header that it need not send, and takes only 204 as a
	// success.
	terse bool
	// healthEvery is how often it reports its health, whatever happens, and always
	// that it is well. 0: only when its health changes.
	healthEvery time.Duration
	// undated: it does not tell when a fallback began.
	undated bool
}

// generations are the years after which generations of engines are named.
var generations = map[string]func(zone *time.Location, source int) wire{
	"2020": func(zone *time.Location, source int) wire { return wire2020{zone, source} },
	"2025": func(zone *time.Location, _ int) wire { return wire2025{zone, time.Now()} },
}

func generation(year string) (func(zone *time.Location, source int) wire, error) {
	if speaks, ok := generations[year]; ok {
		return speaks, nil
	}
	return nil, fmt.Errorf("-wire %s: must be 2020 or 2025", year)
}
