package act

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// maxLoaded bounds what a start reads for one channel: more than can wait in
// memory, as the database may not know yet what was given up.
const maxLoaded = 10 * maxWaiting

// Switch says that the active source is another one now, whoever decided that.
type Switch struct {
	Source   int
	Previous int // 0: not known
	At       time.Time
	By       string
	Reason   string
}

// Types of notices.
const (
	NoticeSource       = "source" // the state of a source changed
	NoticeAlarm        = "alarm"
	NoticeAlarmCleared = "alarm-cleared"
	NoticeMonitor      = "monitor" // the state of the monitor itself changed
)

// Notice is something that people want to hear of.
type Notice struct {
	Type   string
	At     time.Time
	Source int    // 0: none
	State  string // "" where there is none to tell
	Reason string
}

// shared is what the channels have in common.
type shared struct {
	ledger  *ledger
	metrics *metrics
	log     zerolog.Logger
}

// Actor carries out what follows from decisions. Run does all the work; the
// rest may be called at any time.
type Actor struct {
	shared
	by          string
	lease       func() model.Lease
	activations *activations
	command     *command
	webhooks    []*webhook // by number

	// storing is held while something is stored and put into the queues, so
	// that it waits there in the order of its ids.
	storing sync.Mutex
	firstID int64 // stored by this Actor; 0: none yet
	loaded  bool
}

// New makes an Actor. by is the name of this monitor in audit records. lease is the
// one under which it decides, as it was granted last; its epoch is 0 where it never
// was. overtaken is called when somebody else decided meanwhile, so that the sync
// node has to be asked; it must not block. The error is that of Config.Validate.
func New(cfg Config, store Store, node SyncNode, by string, lease func() model.Lease, overtaken func(), log zerolog.Logger) (*Actor, error) {
	program, err := cfg.program()
	if err != nil {
		return nil, fmt.Errorf("command: %w", err)
	}
	key, err := cfg.key()
	if err != nil {
		return nil, fmt.Errorf("webhook secret: %w", err)
	}
	a := &Actor{by: by, lease: lease, shared: shared{
		ledger:  &ledger{store: store, trouble: logging.NewLasting(log, "what is owed can't be written down; it is done from memory")},
		metrics: newMetrics(),
		log:     log,
	}}
	a.activations = newActivations(&a.shared, node, overtaken)
	a.command = newCommand(&a.shared, program, cfg.CommandTimeout, &a.storing, a.store)
	client := newClient(cfg.WebhookTimeout)
	for _, number := range slices.Sorted(maps.Keys(cfg.Webhooks)) {
		a.webhooks = append(a.webhooks, newWebhook(&a.shared, number, cfg.Webhooks[number], key, client))
	}
	return a, nil
}

// Run does what waits until ctx ends, and returns nil within a second then. Call
// it once. It need not wait for Load.
func (a *Actor) Run(ctx context.Context) error {
	var lines sync.WaitGroup
	lines.Go(func() { a.activations.run(ctx) })
	lines.Go(func() { a.command.run(ctx) })
	for _, w := range a.webhooks {
		lines.Go(func() { w.run(ctx) })
	}
	lines.Wait()
	for _, w := range a.webhooks {
		w.client.CloseIdleConnections()
	}
	return nil
}

// Load brings back what waits from before a restart. It may be called again
// until it succeeds, while others hand over what is new already: that waits
// behind.
func (a *Actor) Load(ctx context.Context) error {
	waiting := func(channel string, err *error) (rows []model.Delivery) {
		if *err == nil {
			rows, *err = a.ledger.store.WaitingDeliveries(ctx, channel, maxLoaded)
		}
		return rows
	}
	latest := func(channel string, err *error) (row model.Delivery) {
		if *err != nil {
			return row
		}
		row, e := a.ledger.store.LatestDelivery(ctx, channel)
		if !errors.Is(e, model.ErrNotFound) {
			*err = e
		}
		return row
	}
	var err error
	activations, lastActivation := waiting(a.activations.name, &err), latest(a.activations.name, &err)
	lastProof := latest(proofs, &err)
	commands, lastCommand := waiting(a.command.name, &err), latest(a.command.name, &err)
	notices := make([][]model.Delivery, len(a.webhooks))
	for i, w := range a.webhooks {
		notices[i] = waiting(w.name, &err)
	}
	if err != nil {
		return fmt.Errorf("read what waits from before the restart: %w", err)
	}

	a.storing.Lock()
	defer a.storing.Unlock()
	if a.loaded {
		return nil
	}
	a.loaded = true
	var proof reached
	if lastProof.ID != 0 && json.Unmarshal(lastProof.Body, &proof) != nil {
		proof = reached{}
	}
	a.activations.load(a.before(activations), a.before([]model.Delivery{lastActivation}), proof)
	a.command.load(a.before(commands), a.before([]model.Delivery{lastCommand}))
	for i, w := range a.webhooks {
		w.load(a.before(notices[i]))
	}
	return nil
}

// before are those that this Actor did not store itself. Call it with storing
// held.
func (a *Actor) before(rows []model.Delivery) []model.Delivery {
	return slices.DeleteFunc(rows, func(d model.Delivery) bool {
		return d.ID == 0 || a.firstID != 0 && d.ID >= a.firstID
	})
}

// store stores deliveries. Call it with storing held.
func (a *Actor) store(ctx context.Context, ds []model.Delivery) ([]model.Delivery, bool) {
	ds, stored := a.ledger.add(ctx, ds)
	if stored && a.firstID == 0 {
		a.firstID = ds[0].ID
	}
	return ds, stored
}

// Activate has the sync node record an activation. Where too many wait it is
// refused, which is logged.
func (a *Actor) Activate(ctx context.Context, d decision.Activate) {
	a.storing.Lock()
	defer a.storing.Unlock()
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
	rows, _ := a.store(ctx, []model.Delivery{delivery(a.activations.name, body)})
	a.activations.push(&owed[activation]{rows[0], body})
}

// Switched runs the command, where this monitor acts, and tells the webhooks.
func (a *Actor) Switched(ctx context.Context, s Switch) {
	a.storing.Lock()
	defer a.storing.Unlock()
	said := model.Activation{From: s.At, By: s.By, Reason: s.Reason}
	said.Normalize()
	wanted, acting := a.command.prepare(order{
		Source: s.Source, Previous: s.Previous, At: said.From, By: said.By, Reason: said.Reason,
	})
	var rows []model.Delivery
	if acting {
		rows = append(rows, delivery(a.command.name, wanted))
	}
	rows, stored := a.tell(ctx, rows, event{
		Type: eventSwitch, At: said.From, Source: s.Source, Previous: s.Previous, By: said.By, Reason: said.Reason,
	})
	if acting {
		a.command.give(&owed[order]{rows[0], wanted}, stored)
	}
}

// Notify tells the webhooks.
func (a *Actor) Notify(ctx context.Context, n Notice) {
	a.storing.Lock()
	defer a.storing.Unlock()
	said := model.Activation{From: n.At, Reason: n.Reason}
	said.Normalize()
	a.tell(ctx, nil, event{Type: n.Type, At: said.From, Source: n.Source, State: n.State, Reason: said.Reason})
}

func delivery(channel string, body any) model.Delivery {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err) // none of the bodies has anything that can't be encoded
	}
	return model.Delivery{Channel: channel, Body: encoded, CreatedAt: now()}
}

// Act says whether this monitor acts, which it does until somebody says that it
// doesn't.
func (a *Actor) Act(on bool) { a.command.act(on) }

// Asserted is the source for which the command was run last, with success; where
// there is no command, for which it would have been. It is not known while one
// waits or is tried again, after another monitor acted, and after a restart in
// the middle.
func (a *Actor) Asserted() (source int, known bool) { return a.command.last() }

// Waiting is how much each channel is owed.
func (a *Actor) Waiting() []Waiting {
	all := []Waiting{a.activations.view(), a.command.view()}
	for _, w := range a.webhooks {
		all = append(all, w.view())
	}
	return all
}

// Undelivered is what was decided last, which the sync node may not know, or not
// have told yet. What was decided before a restart counts once it is loaded.
// known is false where nothing was, or somebody else was faster.
func (a *Actor) Undelivered() (u decision.Undelivered, known bool) { return a.activations.last() }
