package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/instance"
)

// DefaultDir is where the units look for the configuration.
const DefaultDir Dir = "/etc/aura"

const (
	// fileSuffix makes a variable name the file with the value.
	fileSuffix = "_FILE"
	// envSuffix ends the names of environment files.
	envSuffix = ".env"
)

// Dir is the folder with the configuration of a host's services.
type Dir string

// String is the folder, for a flag.
func (d *Dir) String() string { return string(*d) }

// Set takes the folder of a flag. Secrets are named by their whole path, so the folder
// is, too.
func (d *Dir) Set(path string) error {
	whole, err := filepath.Abs(path)
	*d = Dir(whole)
	return err
}

// Type is what the flag's value is called in a help.
func (d *Dir) Type() string { return "folder" }

// Place is where the configuration of a service is: the folder of the host, and there
// the files of the instance.
type Place struct {
	instance.Instance
	Dir Dir
	// InContainer says that the service runs in a container, and so does this program.
	InContainer bool
}

// As is the place of another service for the same programme.
func (p Place) As(service string) Place {
	p.Instance = p.Instance.As(service)
	return p
}

// Recall has a place in a container be that of the instance which the configuration
// names, unless somebody named another one.
func (p *Place) Recall(now map[string]string) {
	if p.InContainer && p.Name == "" {
		_ = p.Name.Set(now[instance.Variable]) // what is no name leaves it
	}
}

// owner is the instance whose user and files these are. A container has a folder of its
// own, so it is always the first.
func (p Place) owner() instance.Instance {
	if p.InContainer {
		return instance.Instance{Service: p.Service}
	}
	return p.Instance
}

// Command is a command line of the service that may write the configuration. In a
// container that is for deploy/docker/configure.
func (p Place) Command(words string) string {
	if p.InContainer {
		return "configure " + p.Instance.Command(words)
	}
	return p.Instance.Command(words)
}

// check is the command line that asks what runs.
func (p Place) check() string {
	if p.InContainer {
		return "docker compose … exec " + p.Service + " " + p.Instance.Command("check")
	}
	return p.Command("check")
}

// restart has the service read its environment again.
func (p Place) restart() string {
	if p.InContainer {
		return "docker compose … up -d"
	}
	return "systemctl restart " + p.Unit()
}

// Setting is a variable that set-up writes. An empty one is left to its default.
type Setting struct {
	Variable, Value string
	Secret          bool // the value goes into a file of its own
}

// File is the environment file.
func (p Place) File() string { return filepath.Join(string(p.Dir), p.owner().String()+envSuffix) }

// secrets is the folder that only root and the service can read.
func (p Place) secrets() string { return filepath.Join(string(p.Dir), p.owner().String()) }

// secret is the file of a secret variable, or of something else in that folder.
func (p Place) secret(name string) string {
	return filepath.Join(p.secrets(), strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, config.Prefix), "_", "-")))
}

// Environ is what the environment file sets; nothing if there is none.
func (p Place) Environ() (map[string]string, error) {
	file, err := config.ReadEnvFile(p.File())
	return file.Environ(), err
}

// Current is Environ with the secrets themselves instead of their files.
func (p Place) Current() (map[string]string, error) {
	environ, err := p.Environ()
	if err != nil {
		return nil, err
	}
	for variable, file := range maps.Clone(environ) {
		name, isFile := strings.CutSuffix(variable, fileSuffix)
		if !isFile {
			continue
		}
		value, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		delete(environ, variable)
		environ[name] = strings.TrimRight(string(value), "\r\n")
	}
	return environ, nil
}

// applied is the environment with the settings.
func applied(environ map[string]string, settings []Setting) map[string]string {
	environ = maps.Clone(environ)
	for _, s := range settings {
		environ[s.Variable] = s.Value
	}
	return environ
}

// write writes the settings: first the secrets, then the file that names them.
func (p Place) write(settings []Setting) error {
	file, err := config.ReadEnvFile(p.File())
	if err != nil {
		return err
	}
	if file.String() == "" {
		file = config.NewEnvFile(fmt.Sprintf("# Configuration of %s, written by `%s`, which may be run again.\n"+
			"# `%s config` lists every variable. After a change: %s\n", p, p.Command("setup"), p.Service, p.restart()))
	}
	for _, s := range settings {
		switch {
		case s.Value == "":
			file.Unset(s.Variable, s.Variable+fileSuffix)
		case s.Secret:
			path := p.secret(s.Variable)
			if err := p.keep(path, s.Value+"\n"); err != nil {
				return err
			}
			file.Set(s.Variable+fileSuffix, path, s.Variable)
		default:
			file.Set(s.Variable, s.Value, s.Variable+fileSuffix)
		}
	}
	return p.keep(p.File(), file.String())
}

// keep writes a file that only root and the service can read, as a whole or not at
// all.
func (p Place) keep(path, content string) error {
	if err := os.MkdirAll(string(p.Dir), 0o755); err != nil {
		return err
	}
	group, shared := p.group()
	dirMode, mode := os.FileMode(0o700), os.FileMode(0o600)
	if shared {
		dirMode, mode = 0o750, 0o640
	}
	if folder := filepath.Dir(path); folder == p.secrets() { // others are not ours to change
		if err := os.MkdirAll(folder, dirMode); err != nil {
			return err
		}
		if err := restrict(folder, dirMode, group); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is not there any more if all went well
	_, err = f.WriteString(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = restrict(f.Name(), mode, group)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

func restrict(path string, mode os.FileMode, group int) error {
	if err := os.Chmod(path, mode); err != nil || group < 0 {
		return err
	}
	return os.Chown(path, 0, group)
}

// Store gives a secret another value in its file, where the running service reads
// it again. The environment file must name the file already.
func (p Place) Store(variable, value string) error {
	environ, err := p.Environ()
	if err != nil {
		return err
	}
	file := environ[variable+fileSuffix]
	if file == "" {
		return fmt.Errorf("%s does not name %s%s: run `%s` first", p.File(), variable, fileSuffix, p.Command("setup"))
	}
	return p.keep(file, value+"\n")
}
