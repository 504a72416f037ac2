package config

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// fileSuffix makes a variable name the file that holds the value.
const fileSuffix = "_FILE"

// maxSecretFile bounds how much of a file is read, in bytes: a wrong path may
// name any file.
const maxSecretFile = 1 << 20

// secret is the value of a secret variable: from the variable itself, from
// the file that AURA_X_FILE names, or from the systemd credential aura_x.
func secret(name string, environ map[string]string) (string, error) {
	value, file := environ[Prefix+name], environ[Prefix+name+fileSuffix]
	switch {
	case value != "" && file != "":
		return "", &Mistake{Variable: name + fileSuffix, Value: file,
			Rule: "must not be set together with " + Prefix + name}
	case value != "":
		return value, nil
	case file != "":
		value, err := readSecret(file)
		if err != nil {
			return "", &Mistake{Variable: name + fileSuffix, Value: file, Rule: "must name a readable file: " + cause(err)}
		}
		return value, nil
	}
	file = credential(name, environ)
	if file == "" {
		return "", nil
	}
	value, err := readSecret(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", &Mistake{Variable: name, Rule: "its credential " + file + " must be readable: " + cause(err)}
	}
	return value, nil
}

// readSecret returns a file's content without the line ends that editors add.
func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecretFile {
		return "", errors.New("not a regular file of at most 1 MiB")
	}
	b, err := os.ReadFile(path)
	return strings.TrimRight(string(b), "\r\n"), err
}

// cause leaves out the path, which the message already shows.
func cause(err error) string {
	if pathErr := new(fs.PathError); errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}
