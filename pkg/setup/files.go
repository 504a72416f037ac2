package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"aura.radio/engine/pkg/config"
)

// DefaultDir is where the units look for the configuration.
const DefaultDir Dir = "/etc/aura"

// fileSuffix makes a variable name the file with the value.
const fileSuffix = "_FILE"

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

// Setting is a variable that set-up writes. An empty one is left to its default.
type Setting struct {
	Variable, Value string
	Secret          bool // the value goes into a file of its own
}

// File is the environment file of a service.
func (d Dir) File(service string) string { return filepath.Join(string(d), service+".env") }

// secret is the file of a secret variable, or of something else that only the
// service's folder may hold.
func (d Dir) secret(service, name string) string {
	name = strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, config.Prefix), "_", "-"))
	return filepath.Join(string(d), service, name)
}

// Environ is what the service's environment file sets; nothing if there is none.
func (d Dir) Environ(service string) (map[string]string, error) {
	file, err := config.ReadEnvFile(d.File(service))
	return file.Environ(), err
}

// Current is Environ with the secrets themselves instead of their files.
func (d Dir) Current(service string) (map[string]string, error) {
	environ, err := d.Environ(service)
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

// write writes the settings of a service: first the secrets, then the file that
// names them.
func (d Dir) write(service string, settings []Setting) error {
	file, err := config.ReadEnvFile(d.File(service))
	if err != nil {
		return err
	}
	if file.String() == "" {
		file = config.NewEnvFile(fmt.Sprintf("# Configuration of %[1]s, written by `%[1]s setup`, which may be run again.\n"+
			"# `%[1]s config` lists every variable. After a change: systemctl restart %[1]s\n", service))
	}
	for _, s := range settings {
		switch {
		case s.Value == "":
			file.Unset(s.Variable, s.Variable+fileSuffix)
		case s.Secret:
			path := d.secret(service, s.Variable)
			if err := d.keep(service, path, s.Value+"\n"); err != nil {
				return err
			}
			file.Set(s.Variable+fileSuffix, path, s.Variable)
		default:
			file.Set(s.Variable, s.Value, s.Variable+fileSuffix)
		}
	}
	return d.keep(service, d.File(service), file.String())
}

// keep writes a file that only root and the service can read, as a whole or not at
// all.
func (d Dir) keep(service, path, content string) error {
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return err
	}
	group, shared := groupOf(service)
	dirMode, mode := os.FileMode(0o700), os.FileMode(0o600)
	if shared {
		dirMode, mode = 0o750, 0o640
	}
	if folder := filepath.Dir(path); folder == filepath.Join(string(d), service) { // others are not ours to change
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

// groupOf is the group of the service's own user, if this is root and there is one.
func groupOf(service string) (id int, found bool) {
	if os.Geteuid() != 0 {
		return -1, false
	}
	group, err := user.LookupGroup("aura-" + service)
	if err != nil {
		return -1, false
	}
	id, err = strconv.Atoi(group.Gid)
	return id, err == nil
}

// Store gives a secret another value in its file, where the running service reads
// it again. The environment file must name the file already.
func (d Dir) Store(service, variable, value string) error {
	environ, err := d.Environ(service)
	if err != nil {
		return err
	}
	file := environ[variable+fileSuffix]
	if file == "" {
		return fmt.Errorf("%s does not name %s%s: run `%s setup` first", d.File(service), variable, fileSuffix, service)
	}
	return d.keep(service, file, value+"\n")
}
