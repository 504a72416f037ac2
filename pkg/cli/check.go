package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/checkup"
	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/setup"
)

// checkTimeout bounds a check-up, also of a station with many hosts that are away.
const checkTimeout = 2 * time.Minute

// checkCommand is check-config with the service's own file, and then all that can
// be asked of what runs.
func checkCommand[C Config](env Env[C]) *cobra.Command {
	p := env.program
	at := env.Place()
	at.Instance = env.Instance()
	var service Remote
	cmd := New("check", "Say in words what works on this host, and what does not", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		environ, err := env.withFile(at)
		if err != nil {
			return setup.Readable(err)
		}
		cfg, err := p.Load(environ)
		if err != nil {
			return Mistake(fmt.Errorf("configuration %s:\n%w%s", at.File(), err, rootHint(err)))
		}
		base := cfg.Base()
		service.URL = cmp.Or(service.URL, base.HTTP.OwnURL())
		own, err := service.Client()
		if err != nil {
			return err
		}
		defer own.Close()
		report := checkup.Report{}
		env.configured(&report, at, cfg)
		ctx, cancel := context.WithTimeout(cmd.Context(), checkTimeout)
		defer cancel()
		p.Checkup(ctx, &report, cfg, own, checkup.Program{Instance: at.Instance, Version: p.Version})
		if err := report.Print(cmd.OutOrStdout(), Printable); err != nil {
			return err
		}
		if report.Failed() {
			return Exit(ExitFailed, nil)
		}
		return nil
	})
	cmd.Long = fmt.Sprintf("check validates %s.env as check-config does with the environment, and asks what runs: the service, its database,\n"+
		"its disk, and the ways to and from the other hosts. It changes nothing. It exits with 1 if anything fails.\n"+
		"It needs to read the service's secrets, so run it as root, or as the service's user.", p.Name)
	PlaceFlags(cmd, &at)
	service.Flags(cmd, "service", "", "the running service; empty: where AURA_LISTEN says")
	return cmd
}

// configured adds what a valid configuration says of the host itself.
func (env Env[C]) configured(r *checkup.Report, at setup.Place, cfg C) {
	const subject = "configuration"
	file, base := at.File(), cfg.Base()
	if at.InContainer { // its engine read the file
		r.Works(subject, "it is valid: the environment of this container")
	} else if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		r.Look(subject, "there is no %s, so only the environment and defaults count: `%s` makes it", file, at.Command("setup"))
	} else {
		r.Works(subject, "it is valid: %s", file)
	}
	for _, note := range env.program.notes(cfg) {
		r.Works(subject, "%s", note)
	}
	if certificate, err := base.HTTP.Certificate(); err == nil { // the configuration is valid, so there is no error
		r.Certificate("service", certificate, time.Now())
	}
	r.Disk(base.Database.File())
}

// withFile is the environment with what the service's file sets besides. The
// service's own user need not read the file, if systemd read it.
func (env Env[C]) withFile(at setup.Place) (map[string]string, error) {
	environ, err := at.Environ()
	isSet := func(variable string) bool { return strings.HasPrefix(variable, config.Prefix) }
	if errors.Is(err, fs.ErrPermission) && slices.ContainsFunc(slices.Collect(maps.Keys(env.environ)), isSet) {
		err = nil
	}
	// systemd tells the service its directory, and nobody else.
	if own := at.StateDirectory(); env.environ["STATE_DIRECTORY"] == "" {
		if _, missing := os.Stat(own); missing == nil {
			environ["STATE_DIRECTORY"] = own
		}
	}
	maps.Copy(environ, env.environ)
	return environ, err
}

// rootHint says what to do about a file that this user can't read.
func rootHint(err error) string {
	if errors.Is(err, fs.ErrPermission) || os.Geteuid() != 0 {
		return "\nThe service's secrets can be read by root and by the service's own user only: is this one of them?"
	}
	return ""
}
