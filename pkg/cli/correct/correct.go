package correct

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/stationtime"
)

// Commands are all of them, and more, for the service that is usually at that
// URL.
func Commands(url string, more ...*cobra.Command) *cobra.Command {
	return cli.Group("correct", "Correct many entries at once, through the running service",
		append([]*cobra.Command{shift(url), confirm(url), amend(url), void(url), restore(url)}, more...)...)
}

func shift(url string) *cobra.Command {
	var j job
	var by time.Duration
	var ifNearer, undo bool
	cmd := j.command(url, "shift", "Move starts by a fixed time, because a clock or a time zone was wrong",
		func(cmd *cobra.Command, client *peer.Client, zone *stationtime.Zone) error {
			if by == 0 || by%time.Microsecond != 0 {
				return cli.Usage(errors.New("--by is required: by how much the starts move, such as -1h"))
			}
			s := playlog.Shift{By: by, Reason: j.reason, IfNearer: ifNearer}
			before, err := j.span(zone)
			if err != nil {
				return err
			}
			now := before
			if undo {
				now = span{before.from.Add(by), before.to.Add(by)}
			}
			entries, err := j.read(cmd.Context(), client, now, false)
			if err != nil {
				return err
			}
			return j.correct(cmd, client, zone, entries, true, func(e *peer.Entry, earlier []model.Correction) decision {
				switch {
				case e.IsVoid:
					return decision{left: "is void"}
				case undo && len(j.ids) == 0:
					return startDecision(zone)(s.Undo(&e.Entry, earlier, before.from, before.to))
				case undo:
					return startDecision(zone)(s.Undo(&e.Entry, earlier, model.Earliest, model.Within(farthest)))
				}
				return startDecision(zone)(s.Of(&e.Entry, earlier))
			})
		})
	cmd.Long = "shift moves the starts of the chosen entries. The same command again moves none twice, so it also completes one that was\n" +
		"interrupted. With --undo it takes back what the same command did. Entries that a person logged, or whose start a person\n" +
		"gave or confirmed, stay. With --if-nearer those stay, too, that would be further from their arrival afterwards."
	j.flags(cmd)
	cmd.Flags().DurationVar(&by, "by", 0, "by how much, such as -1h or 90s; more than 0 is later")
	cmd.Flags().BoolVar(&ifNearer, "if-nearer", false, "only entries that it brings nearer to their arrival")
	cmd.Flags().BoolVar(&undo, "undo", false, "take back what the same command did")
	return cmd
}

// farthest is later than anything that is stored.
var farthest = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// startDecision turns an amendment of a start into a decision.
func startDecision(zone *stationtime.Zone) func(c model.Correction, left string) decision {
	return func(c model.Correction, left string) decision {
		if left != "" {
			return decision{left: left}
		}
		start := *c.Changes.TrackStart
		return decision{what: moved(zone, start), Correction: peer.Correction{
			Kind: c.Kind, Reason: c.Reason, Changes: map[string]string{"track_start": stationtime.UTC(start).String()},
		}}
	}
}

func confirm(url string) *cobra.Command {
	var j job
	cmd := simple(&j, url, "confirm", "Confirm doubtful starts: those more than five minutes after their arrival", false, true,
		func(zone *stationtime.Zone, e *peer.Entry, earlier []model.Correction) decision {
			if e.IsVoid {
				return decision{left: "is void"}
			}
			return startDecision(zone)(playlog.Confirm(&e.Entry, earlier, j.reason))
		})
	j.flags(cmd)
	return cmd
}

func amend(url string) *cobra.Command {
	var j job
	var set []string
	values := map[string]string{}
	cmd := simple(&j, url, "amend", "Give fields of the chosen entries other values", false, false,
		func(_ *stationtime.Zone, e *peer.Entry, _ []model.Correction) decision {
			if e.IsVoid {
				return decision{left: "is void"}
			}
			return decision{what: strings.Join(set, ", "), Correction: peer.Correction{Kind: model.CorrectionAmend, Reason: j.reason, Changes: values}}
		})
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if len(set) == 0 {
			return cli.Usage(errors.New("--set is required: at least one field with its new value"))
		}
		for _, one := range set {
			name, value, ok := strings.Cut(one, "=")
			if !ok || name == "" {
				return cli.Usage(fmt.Errorf("--set %q: must be a field and its value, such as show_name=Nachtlicht", one))
			}
			values[name] = value
		}
		return nil
	}
	j.flags(cmd)
	cmd.Flags().StringArrayVar(&set, "set", nil, "a field and its new value, such as show_name=Nachtlicht; nothing behind = makes it unknown; may be given several times")
	return cmd
}

func void(url string) *cobra.Command {
	var j job
	cmd := simple(&j, url, "void", "Say that the chosen entries were not played", false, false,
		func(_ *stationtime.Zone, e *peer.Entry, _ []model.Correction) decision {
			if e.IsVoid {
				return decision{left: "is void already"}
			}
			return decision{what: "is void", Correction: peer.Correction{Kind: model.CorrectionVoid, Reason: j.reason}}
		})
	j.flags(cmd)
	return cmd
}

func restore(url string) *cobra.Command {
	var j job
	cmd := simple(&j, url, "restore", "Take voids of the chosen entries back", true, false,
		func(_ *stationtime.Zone, e *peer.Entry, _ []model.Correction) decision {
			if !e.IsVoid {
				return decision{left: "is not void"}
			}
			return decision{what: "is not void", Correction: peer.Correction{Kind: model.CorrectionRestore, Reason: j.reason}}
		})
	cmd.Long = "restore takes voids back. A range of time has the entries that engines sent, by what they sent.\n" +
		"An entry that a person logged is chosen by --id."
	j.flags(cmd)
	return cmd
}

// simple makes a command that decides about each entry by itself.
func simple(j *job, url, use, short string, raw, needsEarlier bool, decide func(zone *stationtime.Zone, e *peer.Entry, earlier []model.Correction) decision) *cobra.Command {
	return j.command(url, use, short, func(cmd *cobra.Command, client *peer.Client, zone *stationtime.Zone) error {
		r, err := j.span(zone)
		if err != nil {
			return err
		}
		entries, err := j.read(cmd.Context(), client, r, raw)
		if err != nil {
			return err
		}
		return j.correct(cmd, client, zone, entries, needsEarlier, func(e *peer.Entry, earlier []model.Correction) decision {
			return decide(zone, e, earlier)
		})
	})
}
