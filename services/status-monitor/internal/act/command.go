package act

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

const (
	commandChannel = "command"

	// notActing and restarted are why commands are given up.
	notActing = "this monitor no longer acts"
	restarted = "the monitor was restarted"
)

// order is the body of a delivery to the command.
type order struct {
	Source   int       `json:"source"` // 0: only says that this monitor no longer acts
	Previous int       `json:"previous,omitempty"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Reason   string    `json:"reason"`

	number int // counted in this run, from 1
	turn   int // the turn in which it was handed over
}

// command is the channel to the command.
type command struct {
	line    *delivery.Line[order]
	outbox  *delivery.Outbox
	log     zerolog.Logger
	program []string
	// execute runs a program; tests replace it.
	execute func(ctx context.Context, program, environment []string) error

	mu       sync.Mutex
	standby  bool // this monitor does not act
	turn     int  // how often it stopped acting
	newest   int  // the number of the last order
	asserted int
	known    bool
}

func newCommand(s *shared, program []string, timeout time.Duration) *command {
	c := &command{outbox: s.outbox, log: s.log.With().Str("channel", commandChannel).Logger(), program: program, execute: execute}
	c.line = newLine(s, delivery.Channel[order]{
		Name: commandChannel,
		Policy: delivery.Policy{
			Backoff: delivery.Backoff{First: 250 * time.Millisecond, Most: 10 * time.Second},
			Timeout: timeout, NewestCounts: true,
			Forget: restarted, // it may no longer be true
		},
		Send: c.runOnce, Loaded: c.load,
	})
	return c
}

// order adds an order to a batch, if this monitor acts.
func (c *command) order(b *delivery.Batch, o order) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.standby {
		return
	}
	c.newest++
	c.known = false
	o.number, o.turn = c.newest, c.turn
	c.line.Add(b, o)
}

// act says whether this monitor acts. If it does not, waiting orders are ended.
// That is written down: otherwise a restart would take the last order for the
// present state, although another monitor has acted since.
func (c *command) act(on bool) {
	turn, ends := c.stand(on)
	if !ends {
		return
	}
	c.line.Cancel(notActing, func(i *delivery.Item[order]) bool { return i.Content.turn < turn })
	b := c.outbox.Begin()
	defer b.End()
	c.line.AddEnded(b, order{At: now(), Reason: notActing}, notActing)
	b.Store()
}

// stand notes whether this monitor acts. If it stops acting, all turns before
// turn end.
func (c *command) stand(on bool) (turn int, ends bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.standby == !on {
		return c.turn, false
	}
	c.standby = !on
	if on {
		return c.turn, false
	}
	c.turn++
	c.known = false
	return c.turn, true
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

// load takes over what is known of the last order before a restart.
func (c *command) load(_, _ []*delivery.Item[order], last model.Delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.newest > 0 || c.turn > 0 || last.EndedAt.IsZero() || last.Outcome != "" {
		return
	}
	var o order
	if json.Unmarshal(last.Body, &o) == nil && o.Source > 0 {
		c.asserted, c.known = o.Source, true
	}
}

// runOnce runs the command once.
func (c *command) runOnce(ctx context.Context, i *delivery.Item[order]) error {
	o := i.Content
	if c.over(o) {
		return &delivery.PermanentError{Reason: notActing}
	}
	if len(c.program) > 0 {
		if err := c.execute(ctx, c.arguments(o), environment(o)); err != nil {
			return err
		}
		c.log.Info().Int("source", o.Source).Msg("the switch command succeeded")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if o.turn != c.turn {
		return &delivery.PermanentError{Reason: "done, but " + notActing, Answered: true}
	}
	if o.number == c.newest {
		c.asserted, c.known = o.Source, true
	}
	return nil
}

func (c *command) over(o order) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return o.turn != c.turn
}

// arguments is the program and its arguments, with the placeholders replaced.
func (c *command) arguments(o order) []string {
	replace := strings.NewReplacer("{source}", strconv.Itoa(o.Source), "{previous}", number(o.Previous))
	words := []string{c.program[0]}
	for _, word := range c.program[1:] {
		words = append(words, replace.Replace(word))
	}
	return words
}

// environment is all that the program gets: nothing of the monitor's own
// environment except PATH.
func environment(o order) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"AURA_SOURCE=" + strconv.Itoa(o.Source),
		"AURA_PREVIOUS_SOURCE=" + number(o.Previous),
		"AURA_AT=" + stationtime.UTC(o.At).String(),
		"AURA_BY=" + o.By,
		"AURA_REASON=" + o.Reason,
	}
}

// number is "" for an unknown source.
func number(source int) string {
	if source == 0 {
		return ""
	}
	return strconv.Itoa(source)
}

// now is the current time in the form in which it is stored.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
