package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// operation is a command by which a person tells the sync node something.
type operation struct {
	node       cli.Remote
	by, reason string
}

// operate makes such a command. do carries it out and prints the result.
func operate(url, use, short string, check cobra.PositionalArgs, do func(ctx context.Context, o *operation, syncNode *peer.Client, args []string, out io.Writer) error) *cobra.Command {
	o := new(operation)
	cmd := cli.New(use, short, check, func(cmd *cobra.Command, args []string) error {
		if strings.TrimSpace(o.reason) == "" {
			return cli.Usage(errors.New("--reason is required: it goes into the audit record"))
		}
		client, err := o.node.Client()
		if err != nil {
			return err
		}
		defer client.Close()
		return do(cmd.Context(), o, client, args, cmd.OutOrStdout())
	})
	o.node.Flags(cmd, "sync-node", url, "the sync node")
	cmd.Flags().StringVar(&o.by, "by", cli.Person(), "name of the person, for the audit record")
	cmd.Flags().StringVar(&o.reason, "reason", "", "reason, for the audit record")
	return cmd
}

func switchCommand(url string) *cobra.Command {
	var pin, force bool
	cmd := operate(url, "switch N", "Activate a source; the monitor replaces it only when it is down", cobra.ExactArgs(1),
		func(ctx context.Context, o *operation, syncNode *peer.Client, args []string, out io.Writer) error {
			source, err := sourceOf(args[0])
			if err != nil {
				return err
			}
			wish := peer.ActivateRequest{Source: source, By: o.by, Reason: o.reason, Known: !force}
			if pin {
				wish.Pin = &pin
			}
			if err := syncNode.Activate(ctx, wish); errors.Is(err, model.ErrPinned) {
				return fmt.Errorf("%w\nUse --pin to pin source %d instead, or release the pin first", err, source)
			} else if isUnknown(err) && !force {
				return fmt.Errorf("%w\nUse --force to activate source %d nevertheless", err, source)
			} else if err != nil {
				return err
			}
			return say(ctx, syncNode, out)
		})
	cmd.Flags().BoolVar(&pin, "pin", false, "keep the source active, even if it is down, until it is released")
	cmd.Flags().BoolVar(&force, "force", false, "also activate a number that no setting, name or record knows")
	return cmd
}

// isUnknown reports whether the sync node refused the number itself.
func isUnknown(err error) bool {
	invalid, ok := errors.AsType[*model.InvalidError](err)
	return ok && slices.ContainsFunc(invalid.Fields, func(f model.FieldError) bool { return f.Field == "number" })
}

func releaseCommand(url string) *cobra.Command {
	return operate(url, "release", "Release the pin of the active source, so that the monitor decides again", cobra.NoArgs,
		func(ctx context.Context, o *operation, syncNode *peer.Client, _ []string, out io.Writer) error {
			active, err := syncNode.ActiveSource(ctx)
			if err != nil {
				return err
			}
			if active.Pinned {
				// If somebody switches meanwhile, this is not what was meant.
				err = syncNode.Activate(ctx, peer.ActivateRequest{
					Source: active.Source, Pin: new(false), Epoch: &active.Epoch, By: o.by, Reason: o.reason})
				if err != nil {
					return err
				}
			}
			return say(ctx, syncNode, out)
		})
}

func maintenanceCommand(url string) *cobra.Command {
	return operate(url, "maintenance N on|off", "Leave a source out of automatic switches while somebody works on it", cobra.ExactArgs(2),
		func(ctx context.Context, o *operation, syncNode *peer.Client, args []string, out io.Writer) error {
			source, err := sourceOf(args[0])
			if err != nil {
				return err
			}
			on := args[1] == "on"
			if !on && args[1] != "off" {
				return cli.Usage(fmt.Errorf("%s: must be on or off", args[1]))
			}
			err = syncNode.SetMaintenance(ctx, model.Maintenance{Source: source, On: on, By: o.by, Reason: o.reason})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(out, "maintenance of source %d is %s\n", source, args[1])
			return err
		})
}

func sourceOf(arg string) (int, error) {
	source, err := strconv.Atoi(arg)
	if err != nil || model.ValidateSource("source", source) != nil {
		return 0, cli.Usage(fmt.Errorf("%s: must be a source's number, from 1", arg))
	}
	return source, nil
}

// say prints which source is active now.
func say(ctx context.Context, syncNode *peer.Client, out io.Writer) error {
	active, err := syncNode.ActiveSource(ctx)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("source %d is active", active.Source)
	if active.Since != nil {
		line += " since " + active.Since.Local().Format(moment)
	}
	if active.Unknown {
		line += ", and nothing knows it: probably nobody is on air"
	}
	if active.Pinned {
		line += ", pinned until somebody releases it"
	}
	_, err = fmt.Fprintln(out, line)
	return err
}
