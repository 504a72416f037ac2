// Command units makes the units of named instances, such as engine-api@.service, out of
// the units of the only instance. So both are one text: a sandbox that grows tighter
// does so for all.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

//go:generate go run . ../../deploy/systemd

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "units: name the folder of the units")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "units:", err)
		os.Exit(1)
	}
}

// write writes the templates next to the units.
func write(dir string) error {
	made, err := templates(dir)
	for file, text := range made {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644)
		}
	}
	return err
}

// templates are the contents of the templates by their files.
func templates(dir string) (map[string]string, error) {
	made := map[string]string{}
	for _, service := range []string{"engine-api", "sync-node", "status-monitor"} {
		for _, unit := range []string{service + ".service", service + "-backup.service", service + "-backup.timer"} {
			text, err := os.ReadFile(filepath.Join(dir, unit))
			if err != nil {
				return nil, err
			}
			name, kind, _ := strings.Cut(unit, ".")
			made[name+"@."+kind] = template(service, unit, string(text))
		}
	}
	return made, nil
}

var (
	description = regexp.MustCompile(`(?m)^Description=.*$`)
	// environment is the file of the only instance, which may be missing. Of the
	// service, a comment says what holds then.
	environment = regexp.MustCompile(`(?m)^(# Without this file.*\n(?:#.*\n)*)?EnvironmentFile=-(.*)\.env$`)
)

// template is the unit of every instance with a name.
func template(service, unit, text string) string {
	file := environment.FindStringSubmatch(text)
	text = environment.ReplaceAllString(text, "EnvironmentFile=$2-%i.env")
	text = strings.NewReplacer(
		"aura-"+service, "aura-"+service+"-%i", // user, group and folder
		service+".service", service+"@%i.service",
	).Replace(text)
	text = description.ReplaceAllStringFunc(text, func(line string) string {
		line += ": %i"
		if file != nil {
			line += "\n# `" + service + " setup --instance` makes it, and the user.\nAssertPathExists=" + file[2] + "-%i.env"
		}
		return line
	})
	return "# Of each of several instances on a host. Made out of " + unit + ": change that one,\n# and run make generate.\n" + text
}
