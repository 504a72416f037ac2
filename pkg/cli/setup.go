package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/setup"
)

// Place is where the configuration of a service is, unless the flags say otherwise.
func (env Env[C]) Place() setup.Place {
	return setup.Place{Instance: instance.Instance{Service: env.program.Name}, Dir: setup.DefaultDir, InContainer: env.inContainer()}
}

// PlaceFlags lets people choose the folder with the configuration, and the instance.
func PlaceFlags(cmd *cobra.Command, at *setup.Place) {
	cmd.Flags().Var(&at.Dir, "dir", "folder with the configuration of this host")
	cmd.Flags().Var(&at.Name, "instance", "one of several instances on this host, such as web: that of the unit "+at.Service+"@web")
}

func setupCommand[C Config](env Env[C], plan setup.Plan) *cobra.Command {
	p := env.program
	at := env.Place()
	questions := plan.Questions(at, nil)
	answers := map[string]*string{}
	cmd := New("setup", "Make the configuration of this host, by questions or by flags", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		flags := setup.Answers{}
		for flag, answer := range answers {
			if cmd.Flags().Changed(flag) {
				flags[flag] = *answer
			}
		}
		in := cmd.InOrStdin()
		terminal, isFile := in.(*os.File)
		asker := &setup.Asker{In: in, Out: cmd.ErrOrStderr(), IsPerson: isFile && isatty.IsTerminal(terminal.Fd())}
		host := setup.Host{Place: at, Accept: func(environ map[string]string) ([]string, error) {
			cfg, err := p.Load(environ)
			if err != nil {
				return nil, err
			}
			return p.notes(cfg), nil
		}}
		err := plan.Run(cmd.Context(), host, asker, flags, cmd.OutOrStdout())
		if _, ok := errors.AsType[setup.WrongAnswer](err); ok {
			return Usage(err)
		}
		if _, ok := errors.AsType[*setup.NotAccepted](err); ok {
			return Mistake(err)
		}
		return err
	})
	cmd.Long = fmt.Sprintf("setup asks at a terminal, or takes flags, and writes %s.env and the service's secrets.\n"+
		"Secrets are random and in files of their own. What else the file holds stays, so setup may be run again.\n"+
		"Of a flag that may hold a secret, - reads the answer from the standard input, and @FILE from a file.", p.Name)
	PlaceFlags(cmd, &at)
	for _, q := range questions {
		answers[q.Flag] = cmd.Flags().String(q.Flag, "", q.Help)
	}
	return cmd
}
