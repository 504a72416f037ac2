package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// monitor is the API of a station's status monitor.
type monitor struct {
	api    string // the base URL
	client *http.Client
}

// judgement is what the monitor thinks of all sources.
type judgement struct {
	Sources []verdict `json:"sources"`
	Alarm   string    `json:"alarm"` // the alarm's reason; "" if there is no alarm
}

// verdict is what the monitor thinks of one source.
type verdict struct {
	Number int        `json:"number"`
	State  string     `json:"state"`
	Reason string     `json:"reason"`
	UpAt   *time.Time `json:"up_at"` // set if the source is down and can be heard
}

// up is the state of a source that may be activated.
const up = "up"

// kind stays the same while there is nothing new to say.
func (v verdict) kind() string {
	if v.UpAt != nil {
		return "recovering"
	}
	return v.State
}

// in describes the verdict, with times in the given zone.
func (v verdict) in(zone *time.Location) string {
	if v.UpAt != nil {
		return fmt.Sprintf("recovering: held until %s, and up then if its heartbeats stay clean", v.UpAt.In(zone).Format(time.TimeOnly))
	}
	return v.State + ": " + v.Reason
}

// status asks the monitor for its judgement.
func (m *monitor) status(ctx context.Context) (judgement, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var j judgement
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.api+"/status", nil)
	if err != nil {
		return j, err
	}
	resp, err := succeeded(m.client.Do(req))
	if err != nil {
		return j, err
	}
	defer resp.Body.Close()
	return j, json.NewDecoder(resp.Body).Decode(&j)
}
