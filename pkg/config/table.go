package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Table is the Markdown table for the service's README. It lists every variable
// of the struct that of points to, with its default and its meaning. It never
// shows a secret, not even a default one.
func Table(of any) string {
	settings, _ := describe(of)
	var b strings.Builder
	b.WriteString("| variable | default | meaning |\n|---|---|---|\n")
	for _, s := range settings {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", s.shownName(), cell(s.shownDefault()), cell(s.meaning()))
	}
	return b.String()
}

func (s setting) shownName() string {
	if s.family {
		return fmt.Sprintf("`%[1]s%[2]s_1`, `%[1]s%[2]s_2`, …", Prefix, s.name)
	}
	return "`" + Prefix + s.name + "`"
}

func (s setting) shownDefault() string {
	value := s.field.Tag.Get("envDefault")
	if preset := reflect.Indirect(s.value); preset.IsValid() && !s.value.IsZero() && !s.family {
		value = fmt.Sprint(preset.Interface())
	}
	_, options, _ := strings.Cut(s.field.Tag.Get("env"), ",")
	switch {
	case s.secret:
		return ""
	case value != "":
		return "`" + value + "`"
	case strings.Contains(options, "required"):
		return "required"
	}
	return ""
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
