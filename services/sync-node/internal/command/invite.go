package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/setup"
	"aura.radio/engine/services/sync-node/internal/app"
	"aura.radio/engine/services/sync-node/internal/config"
)

func inviteCommand() *cobra.Command {
	var dir string
	var forget bool
	cmd := cli.New("invite node-N|monitor", "Print the line by which another host joins the station; the line is a secret", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		folder := setup.Dir(dir)
		now, err := folder.Current(app.Name)
		if err != nil {
			return setup.Readable(err)
		}
		by, err := inviter(folder, now)
		if err != nil {
			return setup.Readable(err)
		}
		invitation, tokens, err := by.Invite(args[0], forget)
		if err != nil {
			return err
		}
		if err := folder.Store(app.Name, "AURA_API_TOKENS", tokens.String()); err != nil {
			return setup.Readable(err)
		}
		joins := "engine-api"
		if invitation.Number == 0 {
			joins = "status-monitor"
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "The line is a secret: whoever has it can speak as %[1]s. Give it to `%[2]s setup --join` on the host of %[1]s only:\n", invitation.Guest, joins)
		_, err = fmt.Fprintln(cmd.OutOrStdout(), invitation.Line())
		return err
	})
	cmd.Long = "invite makes a fresh secret for a node, writes it where the sync node reads it, and prints one line.\n" +
		"`engine-api setup --join` takes the line on the node's host, `status-monitor setup --join` that of a monitor.\n" +
		"The line is a secret. A node that was invited before goes on with the secret that it has, until the next invitation,\n" +
		"or at once with --forget."
	cli.DirFlag(cmd, &dir)
	cmd.Flags().BoolVar(&forget, "forget", false, "the node's former secret does not count any more")
	return cmd
}

// inviter is the sync node as its configuration tells.
func inviter(dir setup.Dir, now map[string]string) (setup.Inviter, error) {
	station, err := dir.Station()
	if err != nil {
		return setup.Inviter{}, err
	}
	cfg, err := config.Load(now)
	if err != nil {
		return setup.Inviter{}, cli.Mistake(fmt.Errorf("configuration %s:\n%w", dir.File(app.Name), err))
	}
	certificate, err := cfg.HTTP.Certificate()
	if err != nil {
		return setup.Inviter{}, err
	}
	return setup.Inviter{
		Station: station, Zone: cfg.Station.Zone.Name(), Engines: cfg.MainHosts, Secret: cfg.Peers.Token,
		Tokens: setup.ParseTokens(now["AURA_API_TOKENS"]), Fingerprint: setup.Fingerprint(certificate),
	}, nil
}
