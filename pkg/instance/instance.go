// Package instance knows what belongs to an instance of a service on a host. A host
// with one programme has one instance of each service, which has no name. A host with
// several programmes has one for each, such as engine-api@web.
//
// It promises that two instances share no unit, user, folder or file.
package instance

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"aura.radio/engine/pkg/config"
)

// Name is the name of an instance; "" is the host's only one, or its first.
type Name string

// maxName is how long a name may be: with it, aura-status-monitor-… still fits the 31
// characters of a user's name.
const maxName = 11

// pattern leaves out what means something to systemd, shells or file systems.
var pattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// String is the name, for a flag.
func (n *Name) String() string { return string(*n) }

// Set takes the name of a flag.
func (n *Name) Set(text string) error {
	if len(text) > maxName || !pattern.MatchString(text) {
		return fmt.Errorf("must have at most %d lower case letters, digits and hyphens, and begin with a letter, such as web", maxName)
	}
	*n = Name(text)
	return nil
}

// UnmarshalText implements encoding.TextUnmarshaler. No text is no name.
func (n *Name) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*n = ""
		return nil
	}
	return n.Set(string(text))
}

// Type is what the flag's value is called in a help.
func (n *Name) Type() string { return "name" }

// Instance is a service of a host.
type Instance struct {
	Service string
	Name    Name
}

// stateDirectories is where systemd makes the folders of services.
const stateDirectories = "/var/lib"

// Variable names the instance if no unit does, as in a container.
const Variable = config.Prefix + "INSTANCE"

// Of is the instance that an environment is for: the one that Variable names, otherwise
// the one whose unit gave it its folder. Without either it is the one without a name.
func Of(service string, environ map[string]string) Instance {
	i := Instance{Service: service}
	name, found := environ[Variable], true
	if name == "" {
		name, found = strings.CutPrefix(filepath.Base(config.StateDirectory(environ)), i.User()+"-")
	}
	if found {
		_ = i.Name.Set(name) // what is no name leaves it
	}
	return i
}

// As is the instance of another service for the same programme.
func (i Instance) As(service string) Instance { return Instance{service, i.Name} }

// String is what the instance's files of the configuration are called: engine-api, or
// engine-api-web.
func (i Instance) String() string { return i.with("-") }

func (i Instance) with(separator string) string {
	if i.Name == "" {
		return i.Service
	}
	return i.Service + separator + string(i.Name)
}

// Unit is the name of its systemd unit: engine-api, or engine-api@web.
func (i Instance) Unit() string { return i.with("@") }

// User is its system user, and that user's group.
func (i Instance) User() string { return "aura-" + i.String() }

// StateDirectory is the folder in which it keeps its files.
func (i Instance) StateDirectory() string { return filepath.Join(stateDirectories, i.User()) }

// Command is a command line of the service that is for this instance: engine-api
// check, or engine-api check --instance web.
func (i Instance) Command(words string) string {
	return strings.TrimSpace(i.Service + " " + words + i.flag())
}

// Runner is the program of the package that runs a command as systemd runs the service.
func (i Instance) Runner() string { return "aura-" + i.Service }

// AsService is a command line that runs as the service: sudo aura-engine-api --instance
// web outbox list.
func (i Instance) AsService(words string) string {
	return strings.TrimSpace("sudo " + i.Runner() + i.flag() + " " + words)
}

func (i Instance) flag() string {
	if i.Name == "" {
		return ""
	}
	return " --instance " + string(i.Name)
}
