package repo

import (
	"context"
	"time"
)

// SetHeard makes the node read what was said in parts of that many rows, and follow
// at most that many changes at once.
func (n *Node) SetHeard(page, most int) { n.heard.page, n.heard.most, n.page = page, most, page }

// SetPatience sets how long a read waits for what it derives.
func (n *Node) SetPatience(p time.Duration) { n.heard.patience = p }

// CatchUpHeard is what KeepHeard does whenever it has to.
func (n *Node) CatchUpHeard(ctx context.Context) (did bool, err error) { return n.heard.catchUp(ctx) }

// SetQuiet sets how long KeepHeard waits until nothing more pends, and at most.
func (n *Node) SetQuiet(quiet, longest time.Duration) {
	n.heard.quiet, n.heard.longest = quiet, longest
}

// GivingWay makes the function by which KeepHeard gives way.
func (n *Node) GivingWay() func(ctx context.Context) error { return n.heard.givingWay() }
