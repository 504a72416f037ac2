package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/progress"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/sync-node/internal/reconcile"
)

// errDiffers is why an audit fails.
var errDiffers = errors.New("not everything is proved equal")

// audit is what an audit shows.
type audit struct {
	// Equal: all of it is proved to be the same on both sides.
	Equal bool                  `json:"equal"`
	Nodes []reconcile.NodeAudit `json:"nodes"`
	// OnAir counts the segments of the on-air log that differ from what follows
	// from the stored records.
	OnAir int `json:"on_air_differing"`
}

func auditCommand(env env) *cobra.Command {
	var nodes []int
	var asJSON bool
	cmd := cli.New("audit", "Prove that the nodes and the sync node have the same records, or list what differs", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		return withNodes(env, cmd, func(ctx context.Context, station *repo.Station, r *reconcile.Reconciler) error {
			work := work{nodes: r}
			stop := progress.Show(cmd.ErrOrStderr(), work.state)
			found, err := audited(ctx, station, &work, nodes)
			stop()
			if err != nil {
				return err
			}
			if asJSON {
				out := json.NewEncoder(cmd.OutOrStdout())
				out.SetIndent("", "  ")
				err = out.Encode(found)
			} else {
				err = found.print(cmd.OutOrStdout())
			}
			if err == nil && !found.Equal {
				err = errDiffers
			}
			return err
		})
	})
	cmd.Long = "audit compares with the nodes as reconcile does, but changes nothing. It also derives the on-air log again and compares,\n" +
		"and looks for records that wait at the nodes.\n" +
		"It exits with 0 only if everything is proved equal. A node that can't be reached is also a failure."
	nodeFlag(cmd, &nodes)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func audited(ctx context.Context, station *repo.Station, work *work, nodes []int) (audit, error) {
	found := audit{Equal: true}
	var err error
	if found.Nodes, err = work.nodes.Audit(ctx, nodes...); err != nil {
		return audit{}, err
	}
	for _, n := range found.Nodes {
		found.Equal = found.Equal && n.Equal()
	}
	if found.OnAir, err = station.Verify(ctx, work.passed); err != nil {
		return audit{}, err
	}
	found.Equal = found.Equal && found.OnAir == 0
	return found, nil
}

// print writes the audit for people.
func (a audit) print(out io.Writer) error {
	w := &lines{out: out}
	for _, n := range a.Nodes {
		w.line("node %s at %s", title(n.Number, n.Name), n.URL)
		if n.Failed != "" {
			w.line("  not compared: %s", n.Failed)
		}
		if n.Older {
			w.line("  of an older version: what it can't keep is not compared")
		}
		if n.Twin != "" {
			w.line("  %s", n.Twin)
		}
		if n.Zone != "" {
			w.line("  %s", n.Zone)
		}
		if n.Clock != "" {
			w.line("  %s", n.Clock)
		}
		for _, k := range n.Kinds {
			if len(k.Differing) == 0 {
				w.line("  %s: equal, %d", k.Kind, k.Equal)
				continue
			}
			w.line("  %s: %d equal; these spans of time (UTC) differ:", k.Kind, k.Equal)
			for _, b := range k.Differing {
				w.line("    %s: %d here, %d there", b, b.Here, b.There)
				for _, r := range b.Records {
					w.line("      %s: %s %s (%s)", r.Where, r.At, cli.Line(r.Text), r.Fingerprint)
				}
			}
		}
		if n.Waiting > 0 || n.Refused > 0 {
			w.line("  records that wait there for the sync node: %d; records that the sync node refused: %d", n.Waiting, n.Refused)
		}
	}
	if a.OnAir == 0 {
		w.line("on-air log: agrees with the records and the activations")
	} else {
		w.line("on-air log: %d segments do not agree with the records and the activations", a.OnAir)
	}
	return w.err
}

// lines writes lines until a write fails.
type lines struct {
	out io.Writer
	err error
}

func (l *lines) line(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.out, format+"\n", args...)
	}
}
