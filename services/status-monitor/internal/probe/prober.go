package probe

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// Node is an engine-api; *peer.Client is one.
type Node interface {
	// LatestHealth is the source's newest record. Error: model.ErrNotFound if it
	// has none.
	LatestHealth(ctx context.Context, source int) (model.Health, error)
	// Life is when the source was last heard. Error: peer.ErrUnsupported if the node
	// is too old to tell.
	Life(ctx context.Context, source int) (model.Life, error)
}

// Prober asks the nodes. Make it with New and Run it once.
type Prober struct {
	cfg   Config
	nodes map[int]Node
	learn func(decision.Event)
	log   zerolog.Logger

	mu sync.Mutex
	up map[int]bool // by source, for those that were asked
}

// New makes a Prober. nodes are by the number of their source. learn is called
// by one goroutine for each node.
func New(cfg Config, nodes map[int]Node, learn func(decision.Event), log zerolog.Logger) *Prober {
	return &Prober{cfg: cfg, nodes: nodes, learn: learn, log: log, up: map[int]bool{}}
}

// Run asks until ctx ends, and returns nil then.
func (p *Prober) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	for source, node := range p.nodes {
		all.Go(func() { p.follow(ctx, source, node) })
	}
	return nil
}

// follow asks one node again and again.
func (p *Prober) follow(ctx context.Context, source int, node Node) {
	trouble := logging.NewLasting(p.log.With().Int("source", source).Logger(), "asking the engine's API failed")
	told, last := false, ""
	var ear ear
	for {
		began := time.Now()
		heard, err := ask(ctx, p.cfg.Timeout, source, node.Life)
		isOlder := errors.Is(err, peer.ErrUnsupported)
		if !isOlder && ctx.Err() == nil {
			p.learn(ear.news(source, heard, err, time.Since(began)))
		}
		health, err := ask(ctx, p.cfg.Timeout, source, node.LatestHealth)
		if ctx.Err() != nil {
			return
		}
		recorded := err == nil
		if errors.Is(err, model.ErrNotFound) {
			err = nil // the node answers
		}
		if isOlder {
			p.learn(ear.record(source, health, err, time.Since(began)))
		}
		trouble.Report(err)
		failure := Failure(err, p.cfg.Timeout)
		p.note(source, failure == "")
		if !told || failure != last {
			told, last = true, failure
			p.learn(decision.Probe{Source: source, Failure: failure})
		}
		if recorded {
			sign := health.Signs.Read()
			p.learn(decision.Health{
				Source: source, Healthy: health.Healthy, At: health.Said().LogTime,
				Silence: is(sign.Silence), Frozen: sign.Frozen, Fallback: is(sign.Fallback),
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(p.cfg.Interval - rand.N(p.cfg.Interval/10+1)): // so that nodes are not asked in step
		}
	}
}

// is reports whether something was said, and is so.
func is(said *bool) bool { return said != nil && *said }

// ask makes one call to a node.
func ask[T any](ctx context.Context, timeout time.Duration, source int, call func(context.Context, int) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx, source)
}

func (p *Prober) note(source int, up bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up[source] = up
}

var upDesc = prometheus.NewDesc("aura_monitor_api_up", "1 while the API of the source's engine answers this monitor, once it was asked.", []string{"source"}, nil)

// Describe implements prometheus.Collector.
func (p *Prober) Describe(out chan<- *prometheus.Desc) { out <- upDesc }

// Collect implements prometheus.Collector.
func (p *Prober) Collect(out chan<- prometheus.Metric) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for source, up := range p.up {
		value := 0.0
		if up {
			value = 1
		}
		out <- prometheus.MustNewConstMetric(upDesc, prometheus.GaugeValue, value, strconv.Itoa(source))
	}
}
