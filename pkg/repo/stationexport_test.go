package repo

import "time"

// Station is a station over the same connections, until the test ends. The
// connections still belong to the node.
func (n *Node) Station(t interface{ Cleanup(func()) }, defaultSource int) *Station {
	s, _ := stationOver(n.DB, defaultSource, nil)
	t.Cleanup(s.group.close)
	return s
}

// SetPage makes the station read the on-air log in parts of that many rows.
func (s *Station) SetPage(rows int) { s.sequencer.page = rows }

// QueueLength is how many entries may wait for a turn.
const QueueLength = queueLength

// HoldTurn keeps all writers waiting until release.
func (s *Station) HoldTurn() (release func()) { return s.sequencer.await() }

// AwaitWaiting returns when that many entries wait to be stored. One of them
// has left the queue and waits for the turn.
func (s *Station) AwaitWaiting(n int) {
	for len(s.group.queue) < n-1 {
		<-time.After(time.Millisecond)
	}
}
