// Command bench measures the services and compares most figures with a peer in the
// same run. Durable POSTs are compared with bare prepared INSERTs on the same
// server and settings, also while the journal takes them. Hot reads are compared with nginx serving the same bytes.
// The sync node's catching up is compared with mariadb-dump | mariadb, and its
// audit with CHECKSUM TABLE. It also measures how soon the sync node shows what a
// node stored, how soon the monitor switches, how many heartbeats the monitor
// takes, what an idle process costs, what a station feels of visitors who read
// the worst that they may, how much memory reports take, how much room each instance
// of several takes on a host, and what a slow phone makes of the start page. Ten
// thousand listeners of the track service's stream are compared with those of a server
// on the centrifuge library.
//
// Peer and subject take turns, so that a machine whose speed drifts is fair to
// both. The median of the pairs' ratios is printed next to its bar. A missed bar
// is reported, but is not an error: numbers are for people.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

type options struct {
	binary    string
	syncNode  string
	monitor   string
	records   int
	backlog   int
	audited   int
	samples   int
	listeners int
	rounds    int
	length    time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.binary, "engine-api", ".build/engine-api", "the `binary` to measure")
	flag.IntVar(&o.records, "records", 1_000_000, "records in the database for the reads")
	flag.StringVar(&o.syncNode, "sync-node", ".build/sync-node", "the other `binary` to measure")
	flag.StringVar(&o.monitor, "status-monitor", ".build/status-monitor", "and the third `binary`")
	flag.IntVar(&o.backlog, "backlog", 1_000_000, "unsynced records that a sync node catches up with")
	flag.IntVar(&o.audited, "audited", 10_000_000, "records in both databases of an audit, and plays that are searched")
	flag.IntVar(&o.samples, "samples", 500, "titles of which is measured how soon the sync node shows them, and switches at most")
	flag.IntVar(&o.listeners, "listeners", 10_000, "listeners of the track service's stream")
	flag.IntVar(&o.rounds, "rounds", 5, "pairs of runs for each figure")
	flag.DurationVar(&o.length, "length", 3*time.Second, "length of one run")
	only := flag.String("only", "", "run one `section` only: posts, away, journal, reads, changed, idle, visible, catchup, audit, syncreads, failover, heartbeats, attack, reports, search, instance, listeners or firstview")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if flag.NArg() > 0 {
		if err := be(ctx, flag.Args()); err != nil {
			fmt.Fprintf(os.Stderr, "bench %s: %v\n", flag.Arg(0), err)
			stop()
			os.Exit(1)
		}
		return
	}
	sections := []struct {
		name string
		run  func(context.Context, options) error
	}{
		{"posts", benchPosts}, {"away", benchAway}, {"journal", benchJournal}, {"reads", benchReads}, {"changed", benchChanged}, {"idle", benchIdle},
		{"visible", benchVisible}, {"catchup", benchCatchUp}, {"audit", benchAudit}, {"syncreads", benchSyncReads},
		{"failover", benchFailover}, {"heartbeats", benchHeartbeats}, {"attack", benchAttack}, {"reports", benchReports}, {"search", benchSearch},
		{"instance", benchInstance}, {"listeners", benchListeners}, {"firstview", benchFirstView},
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

// be runs a part of a measurement that has a process of its own.
func be(ctx context.Context, args []string) error {
	switch {
	case args[0] == "crowd" && len(args) == 3:
		return beCrowd(ctx, args[1], args[2])
	case args[0] == "centrifuge" && len(args) == 2:
		return beCentrifuge(ctx, args[1])
	}
	return fmt.Errorf("%q is no process of a measurement", args)
}

// pairs runs subject and peer in turn and prints the median ratio of their rates
// next to the bar.
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

// report prints the ratios next to their bar. A bar of 0 means none.
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

// verdict is what a figure means compared with its bar.
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
