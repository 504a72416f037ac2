package config

import (
	"cmp"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
)

// Again reads the secrets of a configuration again, because their files may
// have changed since. into points to a copy of the present configuration, and
// defaults to the service's default one. A secret that can't be read, or is
// wrong, keeps its value; the error names each of these. Rules that concern
// several variables are not checked.
func Again(into, defaults any, environ map[string]string) error {
	settings, _ := describe(into)
	presets, _ := describe(defaults)
	var found mistakes
	for i, s := range settings {
		if !s.secret || s.family {
			continue
		}
		present := reflect.New(s.value.Type()).Elem()
		present.Set(s.value)
		s.value.Set(presets[i].value)
		if err := s.load(environ); err != nil {
			found.add(err)
			s.value.Set(present)
		}
	}
	return errors.Join(found...)
}

// Files are the files from which the configuration that of points to is read, or
// which it names: those of secrets, and those with the tag file. It depends on the
// environment alone, so a file may not be there yet.
func Files(of any, environ map[string]string) []string {
	settings, _ := describe(of)
	var files []string
	add := func(path string) {
		if path != "" {
			files = append(files, path)
		}
	}
	for _, s := range settings {
		switch {
		case s.family:
		case s.field.Tag.Get("file") == "true":
			add(s.value.String())
		case s.secret && environ[Prefix+s.name] == "":
			add(cmp.Or(environ[Prefix+s.name+fileSuffix], credential(s.name, environ)))
		}
	}
	return files
}

// credential is where systemd puts a secret, "" if it passed none at all.
func credential(name string, environ map[string]string) string {
	dir := environ["CREDENTIALS_DIRECTORY"]
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, strings.ToLower(Prefix+name))
}
