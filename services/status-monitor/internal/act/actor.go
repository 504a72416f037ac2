package act

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/webhook"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/status-monitor/internal/decision"
	"aura.radio/engine/services/status-monitor/internal/process"
)

// Switch says that another source is active now, whoever decided that.
type Switch struct {
	Source   int
	Previous int // 0: unknown
	At       time.Time
	By       string
	Reason   string
	// Over: another source has been active since. The command is not run for it.
	Over bool
}

// Types of notices.
const (
	NoticeSource       = "source" // the state of a source changed
	NoticeAlarm        = "alarm"
	NoticeAlarmCleared = "alarm-cleared"
	NoticeMonitor      = "monitor" // the state of the monitor itself changed
)

// Notice is something that people want to know.
type Notice struct {
	Type   string
	At     time.Time
	Source int    // 0: none
	State  string // "" if there is none to tell
	Reason string
}

// Store keeps deliveries and notes across restarts; *repo.Node is one.
type Store interface {
	delivery.Ledger
	Notes
}

// shared is what the channels have in common.
type shared struct {
	outbox  *delivery.Outbox
	metrics *metrics
	log     zerolog.Logger
}

// newLine makes the line of a channel. The channel is counted from now on.
func newLine[T any](s *shared, c delivery.Channel[T]) *delivery.Line[T] {
	s.metrics.channel(c.Name)
	return delivery.NewLine(s.outbox, c)
}

// Actor carries out what follows from decisions. Run does all the work; the
// rest may be called at any time.
type Actor struct {
	shared
	by          string
	lease       func() model.Lease
	activations *activations
	command     *command
	webhooks    []*delivery.Line[event] // by number
	sender      *webhook.Sender
	told        *told
}

// New makes an Actor. by is the name of this monitor in audit records. lease
// returns the lease under which it decides, as it was granted last; its epoch is
// 0 if none ever was granted. overtaken is called when somebody else decided
// meanwhile, so that the sync node has to be asked; it must not block. The error
// is that of Config.Validate.
func New(cfg Config, store Store, node SyncNode, by string, lease func() model.Lease, overtaken func(), log zerolog.Logger) (*Actor, error) {
	words, err := process.Parse(cfg.Command)
	if err != nil {
		return nil, fmt.Errorf("command: %w", err)
	}
	key, err := cfg.key()
	if err != nil {
		return nil, fmt.Errorf("webhook secret: %w", err)
	}
	metrics := newMetrics()
	a := &Actor{
		shared: shared{outbox: delivery.NewOutbox(store, metrics, log), metrics: metrics, log: log},
		by:     by, lease: lease,
		sender: &webhook.Sender{UserAgent: userAgent, Client: webhook.NewClient()},
	}
	a.sender.Sign(key)
	a.told = &told{outbox: a.outbox, notes: store, log: log}
	a.activations = newActivations(&a.shared, node, store, overtaken)
	a.command = newCommand(&a.shared, words, cfg.CommandTimeout)
	for _, number := range slices.Sorted(maps.Keys(cfg.Webhooks)) {
		a.webhooks = append(a.webhooks, newWebhook(&a.shared, number, cfg.Webhooks[number], a.sender, cfg.WebhookTimeout))
	}
	return a, nil
}

// Reload has the webhooks' messages signed with the secret of a configuration that
// was read again. If there is something wrong with it, the error says so, and the
// key stays.
func (a *Actor) Reload(cfg Config) error {
	key, err := cfg.key()
	if err != nil {
		return &config.Mistake{Variable: "WEBHOOK_SECRET", Rule: err.Error()}
	}
	a.sender.Sign(key)
	return nil
}

// Run does the waiting deliveries until ctx ends, and then returns nil within a
// second. Call it once. It need not wait for Load.
func (a *Actor) Run(ctx context.Context) error {
	writing, end := context.WithCancel(context.WithoutCancel(ctx))
	var outbox sync.WaitGroup
	outbox.Go(func() { a.outbox.Run(writing) })
	a.runLines(ctx)
	end() // what became of the deliveries is written down first
	outbox.Wait()
	a.sender.Client.CloseIdleConnections()
	return nil
}

func (a *Actor) runLines(ctx context.Context) {
	var lines sync.WaitGroup
	lines.Go(func() { a.activations.line.Run(ctx) })
	lines.Go(func() { a.command.line.Run(ctx) })
	for _, w := range a.webhooks {
		lines.Go(func() { w.Run(ctx) })
	}
	lines.Wait()
}

// Load brings back the deliveries that waited before a restart. It may be called
// again until it succeeds. Others may hand over new deliveries meanwhile: those
// wait behind the old ones.
func (a *Actor) Load(ctx context.Context) error {
	err := a.told.load(ctx)
	if err == nil {
		err = a.activations.load(ctx)
	}
	if err == nil {
		err = a.command.line.Load(ctx)
	}
	for _, w := range a.webhooks {
		if err == nil {
			err = w.Load(ctx)
		}
	}
	return err
}

// Activate has the sync node record an activation. If too many wait, the
// activation is refused, which is logged.
func (a *Actor) Activate(d decision.Activate) {
	b := a.outbox.Begin()
	defer b.End()
	said := model.Activation{From: d.At, By: a.by, Reason: d.Reason}
	said.Normalize()
	lease := a.lease()
	body, taken := a.activations.follow(activation{
		Source: d.Source, Previous: d.From, At: said.From, By: said.By, Reason: said.Reason, Base: d.Epoch,
		Holder: lease.Holder, Lease: lease.Epoch,
	})
	if !taken {
		return
	}
	a.activations.line.Add(b, body)
	b.Store()
}

// Switched runs the command, if this monitor acts, and tells the webhooks.
func (a *Actor) Switched(s Switch) {
	b := a.outbox.Begin()
	defer b.End()
	said := model.Activation{From: s.At, By: s.By, Reason: s.Reason}
	said.Normalize()
	if !s.Over {
		a.command.order(b, order{Source: s.Source, Previous: s.Previous, At: said.From, By: said.By, Reason: said.Reason})
	}
	a.tell(b, event{
		Type: eventSwitch, At: stationtime.UTC(said.From), Source: s.Source, Previous: s.Previous, By: said.By, Reason: said.Reason,
	})
	b.Store()
}

// Notify tells the webhooks.
func (a *Actor) Notify(n Notice) {
	b := a.outbox.Begin()
	defer b.End()
	said := model.Activation{From: n.At, Reason: n.Reason}
	said.Normalize()
	a.tell(b, event{Type: n.Type, At: stationtime.UTC(said.From), Source: n.Source, State: n.State, Reason: said.Reason})
	b.Store()
}

// Act says whether this monitor acts. It does until Act(false) is called.
func (a *Actor) Act(on bool) { a.command.act(on) }

// Asserted is the source for which the command was last run with success. If
// there is no command, it is the source for which one would have been run. It is
// unknown while an order waits or is tried again, after another monitor acted,
// and after a restart in the middle of an order.
func (a *Actor) Asserted() (source int, known bool) { return a.command.last() }

// Told is what was told last before the restart, once Load found it.
func (a *Actor) Told() (t Told, known bool) { return a.told.last() }

// Remember has written down what was told last. It does not wait. All switches
// that were handed over until then are stored before.
func (a *Actor) Remember(t Told) { a.told.remember(t) }

// Waiting is how many deliveries each channel has to do.
func (a *Actor) Waiting() []delivery.Waiting {
	all := []delivery.Waiting{a.activations.line.Waiting(), a.command.line.Waiting()}
	for _, w := range a.webhooks {
		all = append(all, w.Waiting())
	}
	return all
}

// Undelivered is what was decided last. The sync node may not know it yet, or
// may not have told it yet. Decisions from before a restart count once they are
// loaded. known is false if nothing was decided, or if somebody else was faster.
func (a *Actor) Undelivered() (u decision.Undelivered, known bool) { return a.activations.last() }
