package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Variable is one variable of a configuration, or a family of them, for people.
type Variable struct {
	Name     string // with the prefix; of a family the first two names and …
	Default  string // "" if there is none, and of a secret always
	Required bool
	Meaning  string

	names []string // one or, of a family, two
}

// Variables lists every variable of the struct that of points to. It never shows
// a secret, not even a default one.
func Variables(of any) []Variable {
	settings, _ := describe(of)
	all := make([]Variable, len(settings))
	for i, s := range settings {
		_, options, _ := strings.Cut(s.field.Tag.Get("env"), ",")
		v := Variable{Default: s.shownDefault(), Meaning: s.meaning(), names: []string{Prefix + s.name}}
		v.Name = v.names[0]
		if s.family {
			v.names = []string{Prefix + s.name + "_1", Prefix + s.name + "_2"}
			v.Name = strings.Join(v.names, ", ") + ", …"
		}
		v.Required = v.Default == "" && !s.secret && strings.Contains(options, "required")
		all[i] = v
	}
	return all
}

// Table is the Markdown table of Variables for the service's README.
func Table(of any) string {
	var b strings.Builder
	b.WriteString("| variable | default | meaning |\n|---|---|---|\n")
	for _, v := range Variables(of) {
		name := "`" + strings.Join(v.names, "`, `") + "`"
		if len(v.names) > 1 {
			name += ", …"
		}
		shown := ""
		switch {
		case v.Required:
			shown = "required"
		case v.Default != "":
			shown = "`" + v.Default + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, cell(shown), cell(v.Meaning))
	}
	return b.String()
}

func (s setting) shownDefault() string {
	if s.secret {
		return ""
	}
	if preset := reflect.Indirect(s.value); preset.IsValid() && !s.value.IsZero() && !s.family {
		return fmt.Sprint(preset.Interface())
	}
	return s.field.Tag.Get("envDefault")
}

func (s setting) meaning() string {
	doc := s.field.Tag.Get("doc")
	if s.secret {
		doc += fmt.Sprintf(" Secret: the value may also come from the file that `%s%s%s` names, or from the systemd credential `%s`.",
			Prefix, s.name, fileSuffix, strings.ToLower(Prefix+s.name))
	}
	return strings.TrimSpace(doc)
}

// cell escapes a text so that it stays within its cell of the table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}
