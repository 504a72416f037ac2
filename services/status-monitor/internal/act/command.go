package act

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"aura.radio/engine/pkg/model"
)

const (
	// notActing and restarted are why commands are given up.
	notActing  = "this monitor does not act any more"
	restarted  = "the monitor was restarted"
	newerWaits = "a newer one waits"
)

// order is the body of a delivery to the command.
type order struct {
	Source   int       `json:"source"` // 0: only says that this monitor acts no more
	Previous int       `json:"previous,omitempty"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Reason   string    `json:"reason"`

	number int // of this run, from 1
	turn   int // in which it was handed over
}

// command is the channel to the command.
type command struct {
	line[order]
	program []string
	timeout time.Duration
	// execute runs a program; tests have another one.
	execute func(ctx context.Context, program, environment []string) error
	// store stores deliveries; storing is held meanwhile.
	storing *sync.Mutex
	store   func(ctx context.Context, ds []model.Delivery) ([]model.Delivery, bool)

	// What follows is guarded by mu.
	standby  bool // this monitor does not act
	turn     int  // how often it began not to act
	newest   int  // the number of the last order
	asserted int
	known    bool
	loaded   bool
	// unsaid: the database may say that the last order was done, while another
	// monitor acted since.
	unsaid bool
}

func newCommand(s *shared, program []string, timeout time.Duration, storing *sync.Mutex, store func(context.Context, []model.Delivery) ([]model.Delivery, bool)) *command {
	c := &command{
		line:    newLine[order]("command", s, newBackoff(250*time.Millisecond, 10*time.Second)),
		program: program, timeout: timeout, execute: execute, storing: storing, store: store,
	}
	c.try, c.abandon, c.note = c.runOnce, c.overdue, c.say
	return c
}

// prepare numbers an order; acting is false where there is none to give.
func (c *command) prepare(o order) (_ order, acting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.standby {
		return o, false
	}
	c.newest++
	c.known = false
	o.number, o.turn = c.newest, c.turn
	return o, true
}

// give puts an order behind the others.
func (c *command) give(o *owed[order], stored bool) {
	c.push(o)
	if stored { // the last one in the database is this one
		c.mu.Lock()
		c.unsaid = false
		c.mu.Unlock()
	}
}

// act says whether this monitor acts. Where it doesn't, what waits is ended.
func (c *command) act(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.standby == !on {
		return
	}
	c.standby = !on
	if on {
		return
	}
	c.turn++
	c.unsaid = c.unsaid || c.known || !c.loaded || c.current != nil
	c.known = false
	var kept []*owed[order]
	for _, o := range c.waiting {
		if o == c.current {
			kept = append(kept, o) // it runs; see runOnce
			continue
		}
		c.log.Warn().RawJSON("body", o.Body).Str("reason", notActing).Msg("delivery given up")
		c.metrics.givenUp.WithLabelValues(c.name).Inc()
		c.end(o.ID, notActing)
	}
	c.waiting = kept
	c.awake()
}

// last is the source for which the command was run last.
func (c *command) last() (source int, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return 0, false
	}
	return c.asserted, true
}

// load ends what waits from before a restart: it is not known whether it is
// still so.
func (c *command) load(rows, last []model.Delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, row := range rows {
		c.end(row.ID, restarted)
	}
	c.loaded = true
	c.awake()
	if c.newest > 0 || c.turn > 0 || len(last) == 0 || last[0].EndedAt.IsZero() || last[0].Outcome != "" {
		return
	}
	var o order
	if json.Unmarshal(last[0].Body, &o) == nil && o.Source > 0 {
		c.asserted, c.known = o.Source, true
	}
}

// overdue is why an order is not tried again.
func (c *command) overdue(o *owed[order]) string {
	switch {
	case o.body.turn != c.turn:
		return notActing
	case len(c.waiting) > 1:
		return newerWaits
	}
	return ""
}

// runOnce runs the command once.
func (c *command) runOnce(ctx context.Context, o *owed[order]) error {
	if c.over(o) {
		return &givenUp{reason: notActing}
	}
	if len(c.program) > 0 {
		ctx, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		if err := c.execute(ctx, c.arguments(o.body), environment(o.body)); err != nil {
			return err
		}
		c.log.Info().Int("source", o.body.Source).Msg("command done")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if o.body.turn != c.turn {
		return &givenUp{reason: "done, but " + notActing, answered: true}
	}
	if o.body.number == c.newest {
		c.asserted, c.known = o.body.Source, true
	}
	return nil
}

func (c *command) over(o *owed[order]) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return o.body.turn != c.turn
}

// arguments is the program with what is to be replaced.
func (c *command) arguments(o order) []string {
	replace := strings.NewReplacer("{source}", strconv.Itoa(o.Source), "{previous}", number(o.Previous))
	words := []string{c.program[0]}
	for _, word := range c.program[1:] {
		words = append(words, replace.Replace(word))
	}
	return words
}

// environment is all that the program gets: nothing of ours but the PATH.
func environment(o order) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"AURA_SOURCE=" + strconv.Itoa(o.Source),
		"AURA_PREVIOUS_SOURCE=" + number(o.Previous),
		"AURA_AT=" + o.At.Format(time.RFC3339Nano),
		"AURA_BY=" + o.By,
		"AURA_REASON=" + o.Reason,
	}
}

// number is "" for a source that is not known.
func number(source int) string {
	if source == 0 {
		return ""
	}
	return strconv.Itoa(source)
}

// say writes down that another monitor acted since the last order, so that a
// restart does not take that for the state of things.
func (c *command) say(ctx context.Context) error {
	c.storing.Lock()
	defer c.storing.Unlock()
	c.mu.Lock()
	unsaid := c.unsaid
	c.mu.Unlock()
	if !unsaid {
		return nil
	}
	rows, stored := c.store(ctx, []model.Delivery{delivery(c.name, order{At: now(), Reason: notActing})})
	if !stored {
		return errNotStored
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsaid = false
	c.end(rows[0].ID, notActing)
	c.awake() // for the end
	return nil
}
