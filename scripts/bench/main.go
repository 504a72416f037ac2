// Command bench measures the services against peers in the same run: durable
// POSTs against bare prepared INSERTs on the same server and settings, hot
// reads against nginx serving the same bytes, the sync node's catching up
// against mariadb-dump | mariadb, its audit against CHECKSUM TABLE, how soon it
// shows what a node stored, how soon the monitor switches and how many heartbeats
// it takes, and what an idle process costs.
// Peer and subject take turns, so that a machine whose speed drifts is fair to
// both, and the median of the pairs' ratios is printed beside its bar. A bar
// that is missed is reported, not an error: numbers are for people.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"
)

type options struct {
	binary   string
	syncNode string
	monitor  string
	records  int
	backlog  int
	audited  int
	samples  int
	rounds   int
	length   time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.binary, "engine-api", ".build/engine-api", "the `binary` to measure")
	flag.IntVar(&o.records, "records", 1_000_000, "records in the database for the reads")
	flag.StringVar(&o.syncNode, "sync-node", ".build/sync-node", "the other `binary` to measure")
	flag.StringVar(&o.monitor, "status-monitor", ".build/status-monitor", "and the third `binary`")
	flag.IntVar(&o.backlog, "backlog", 1_000_000, "unsynced records that a sync node catches up with")
	flag.IntVar(&o.audited, "audited", 10_000_000, "records in both databases of an audit")
	flag.IntVar(&o.samples, "samples", 500, "titles of which is measured how soon the sync node shows them, and switches at most")
	flag.IntVar(&o.rounds, "rounds", 5, "pairs of runs for each figure")
	flag.DurationVar(&o.length, "length", 3*time.Second, "length of one run")
	only := flag.String("only", "", "run one `section` only: posts, away, reads, idle, visible, catchup, audit, syncreads, failover or heartbeats")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	sections := []struct {
		name string
		run  func(context.Context, options) error
	}{
		{"posts", benchPosts}, {"away", benchAway}, {"reads", benchReads}, {"idle", benchIdle},
		{"visible", benchVisible}, {"catchup", benchCatchUp}, {"audit", benchAudit}, {"syncreads", benchSyncReads},
		{"failover", benchFailover}, {"heartbeats", benchHeartbeats},
	}
	for _, s := range sections {
		if *only != "" && *only != s.name {
			continue
		}
		fmt.Printf("\n%s\n", s.name)
		if err := s.run(ctx, o); err != nil {
			fmt.Fprintf(os.Stderr, "bench %s: %v\n", s.name, err)
			stop()
			os.Exit(1)
		}
	}
}

// pairs runs subject and peer in turn and prints the median ratio of their
// rates beside the bar.
func pairs(o options, name string, bar float64, subject, peer func() (float64, error)) error {
	var ratios, subjects, peers []float64
	for range o.rounds {
		p, err := peer()
		if err != nil {
			return fmt.Errorf("%s: peer: %w", name, err)
		}
		s, err := subject()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		subjects, peers, ratios = append(subjects, s), append(peers, p), append(ratios, s/p)
	}
	report(name, bar, fmt.Sprintf("%.0f/s against %.0f/s", median(subjects), median(peers)), ratios)
	return nil
}

// report prints the ratios beside their bar; 0 is no bar.
func report(name string, bar float64, what string, ratios []float64) {
	verdict := fmt.Sprintf(", bar %.2f: ok", bar)
	switch {
	case bar == 0:
		verdict = ""
	case median(ratios) < bar:
		verdict = fmt.Sprintf(", bar %.2f: MISSED", bar)
	}
	fmt.Printf("  %-54s %-28s ratio %.2f (%.2f to %.2f)%s\n",
		name, what, median(ratios), slices.Min(ratios), slices.Max(ratios), verdict)
}

// verdict is what a figure means beside its bar.
func verdict(missed bool) string {
	if missed {
		return "MISSED"
	}
	return "ok"
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}
