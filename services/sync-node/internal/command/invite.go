package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/setup"
	"aura.radio/engine/services/sync-node/internal/config"
)

func inviteCommand(env cli.Env[config.Config]) *cobra.Command {
	at := env.Place()
	var forget bool
	cmd := cli.New("invite node-N|monitor", "Print the line by which another host joins the station; the line is a secret", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		now, err := at.Current()
		if err != nil {
			return setup.Readable(err)
		}
		at.Recall(now)
		by, err := inviter(at, now)
		if err != nil {
			return setup.Readable(err)
		}
		invitation, tokens, err := by.Invite(args[0], forget)
		if err != nil {
			return err
		}
		if err := at.Store("AURA_API_TOKENS", tokens.String()); err != nil {
			return setup.Readable(err)
		}
		joins, host := model.EngineAPI, fmt.Sprintf("host %d", invitation.Number)
		if invitation.Number == 0 {
			joins, host = model.StatusMonitor, "the monitor's host"
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "The line is a secret: whoever has it can speak as %s. Give it only to `%s` on %s:\n",
			invitation.Guest, at.As(joins).Instance.Command("setup --join -"), host)
		_, err = fmt.Fprintln(cmd.OutOrStdout(), invitation.Line())
		return err
	})
	cmd.Long = "invite makes a fresh secret for a node, writes it where the sync node reads it, and prints one line.\n" +
		"`engine-api setup --join` takes the line on the node's host, `status-monitor setup --join` that of a monitor.\n" +
		"The line is a secret. A node that was invited before goes on with the secret that it has, until the next invitation,\n" +
		"or at once with --forget."
	cli.PlaceFlags(cmd, &at)
	cmd.Flags().BoolVar(&forget, "forget", false, "the node's former secret does not count any more")
	return cmd
}

// inviter is the sync node as its configuration tells.
func inviter(at setup.Place, now map[string]string) (setup.Inviter, error) {
	station, err := at.Station()
	if err != nil {
		return setup.Inviter{}, err
	}
	cfg, err := config.Load(now)
	if err != nil {
		return setup.Inviter{}, cli.Mistake(fmt.Errorf("configuration %s:\n%w", at.File(), err))
	}
	certificate, err := cfg.HTTP.Certificate()
	if err != nil {
		return setup.Inviter{}, err
	}
	return setup.Inviter{
		Instance: at.Name, Station: station, Zone: cfg.Station.Zone.Name(), Engines: cfg.MainHosts, Secret: cfg.Peers.Token,
		Tokens: setup.ParseTokens(now["AURA_API_TOKENS"]), Fingerprint: setup.Fingerprint(certificate),
	}, nil
}
