package act

import (
	"context"
	"strconv"
	"time"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/webhook"
	"aura.radio/engine/pkg/stationtime"
)

// userAgent tells webhooks who posts.
const userAgent = "aura-status-monitor"

// eventSwitch is the type of the event that another source is active.
const eventSwitch = "switch"

// event is what is posted.
type event struct {
	Type     string            `json:"type"`
	ID       string            `json:"id"`
	At       stationtime.Stamp `json:"at"`
	Source   int               `json:"source,omitempty"`
	Previous int               `json:"previous,omitempty"`
	By       string            `json:"by,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	State    string            `json:"state,omitempty"`
	Monitor  string            `json:"monitor"`
}

// tell adds an event for each webhook to a batch.
func (a *Actor) tell(b *delivery.Batch, e event) {
	e.ID, e.Monitor = webhook.NewID(), a.by
	for _, line := range a.webhooks {
		line.Add(b, e)
	}
}

func newWebhook(s *shared, number int, url string, sender *webhook.Sender, timeout time.Duration) *delivery.Line[event] {
	return newLine(s, delivery.Channel[event]{
		Name:   "webhook-" + strconv.Itoa(number),
		Policy: delivery.Policy{Backoff: webhook.Backoff(), Timeout: timeout, MaxAge: webhook.MaxAge},
		Send: func(ctx context.Context, i *delivery.Item[event]) error {
			return sender.Post(ctx, url, i.Content.ID, i.Body)
		},
	})
}
