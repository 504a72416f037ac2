package delivery_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/deliverytest"
)

// track is what a display shows.
type track struct {
	Title string `json:"title"`
}

// A display is away when the service stops. After the restart it gets what it is
// owed, in order.
func Example() {
	ledger := &deliverytest.Ledger{} // in a service: the *repo.Node

	display := func(send func(i *delivery.Item[track]) error) (*delivery.Outbox, *delivery.Line[track]) {
		outbox := delivery.NewOutbox(ledger, &counts{}, zerolog.Nop())
		return outbox, delivery.NewLine(outbox, delivery.Channel[track]{
			Name: "display-1",
			Policy: delivery.Policy{
				Backoff: delivery.Backoff{First: time.Millisecond, Most: time.Second},
				Timeout: 5 * time.Second,
				MaxAge:  time.Hour,
			},
			Send: func(_ context.Context, i *delivery.Item[track]) error { return send(i) },
		})
	}

	ctx, stop := context.WithCancel(context.Background())
	outbox, line := display(func(i *delivery.Item[track]) error {
		fmt.Println(i.Content.Title, "- the display is away")
		stop()
		return context.Canceled
	})
	b := outbox.Begin()
	line.Add(b, track{"Fade Into You"})
	line.Add(b, track{"Halah"})
	b.Store()
	b.End()
	run(ctx, outbox, line) // until the stop

	ctx, stop = context.WithCancel(context.Background())
	outbox, line = display(func(i *delivery.Item[track]) error {
		fmt.Println(i.Content.Title, "- shown")
		if i.Content.Title == "Halah" {
			stop()
		}
		return nil
	})
	if err := line.Load(ctx); err != nil {
		fmt.Println(err)
	}
	run(ctx, outbox, line)
	fmt.Println(ledger.Outcomes("display-1"))
	// Output:
	// Fade Into You - the display is away
	// Fade Into You - shown
	// Halah - shown
	// [done done]
}

// run runs a line, and its outbox until the line has ended.
func run(ctx context.Context, outbox *delivery.Outbox, line *delivery.Line[track]) {
	writing, end := context.WithCancel(context.WithoutCancel(ctx))
	var written sync.WaitGroup
	written.Go(func() { outbox.Run(writing) })
	line.Run(ctx)
	end()
	written.Wait()
}
