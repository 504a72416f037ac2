package repo

import "time"

// SetPage makes the station read the on-air log in parts of so many rows.
func (s *Station) SetPage(rows int) { s.page = rows }

// QueueLength is how many entries may wait for a turn.
const QueueLength = queueLength

// HoldTurn keeps everybody from writing until release.
func (s *Station) HoldTurn() (release func()) {
	s.turn <- struct{}{}
	return s.endTurn
}

// AwaitWaiting returns when so many entries wait to be stored.
func (s *Station) AwaitWaiting(n int) {
	for len(s.waiting) < n {
		<-time.After(time.Millisecond)
	}
}
