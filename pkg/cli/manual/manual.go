package manual

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"aura.radio/engine/pkg/config"
)

// Write writes the page of a program with these variables.
func Write(out io.Writer, root *cobra.Command, variables []config.Variable) error {
	name := root.Name()
	p := &page{}
	// Without a date: the same program has the same page.
	p.request(`.TH %s 8 "" "%s %s" "AURA Engine API"`, escape(strings.ToUpper(name)), escape(name), escape(root.Version))
	p.section("NAME")
	p.text(name + " - " + strings.ToLower(root.Short[:1]) + root.Short[1:])
	p.section("SYNOPSIS")
	p.request(".B %s", escape(name))
	p.text("[COMMAND] [OPTION]…")
	p.section("DESCRIPTION")
	p.text(root.Long)
	p.section("COMMANDS")
	p.commands(root)
	p.section("ENVIRONMENT")
	for _, v := range variables {
		p.variable(v)
	}
	p.section("FILES")
	p.item(fmt.Sprintf("/etc/aura/%s.env", name), "The environment of the service.")
	p.item(fmt.Sprintf("/var/lib/aura-%s", name), "What the service stores.")
	p.item(fmt.Sprintf("/etc/aura/%[1]s-NAME.env, /var/lib/aura-%[1]s-NAME", name), "The same of an instance: see setup --instance.")
	p.item(fmt.Sprintf("/usr/share/doc/aura-%s/handbook.md", name), "The operator's handbook.")
	p.section("EXIT STATUS")
	p.item("0", "Done.")
	p.item("1", "Failed.")
	p.item("2", "The command line is wrong, unless the command says otherwise.")
	p.item("78", "The configuration is wrong, or this program may not use the database.")
	_, err := p.WriteTo(out)
	return err
}

// page is a manual page in roff.
type page struct{ bytes.Buffer }

func (p *page) request(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) section(title string) { p.request(".SH %s", title) }

func (p *page) text(s string) { p.request("%s", escape(s)) }

// item is a term with what it means.
func (p *page) item(term, meaning string) {
	p.request(".TP\n.B %s", escape(term))
	p.text(meaning)
}

// commands lists the commands that do something, with their flags.
func (p *page) commands(of *cobra.Command) {
	for _, c := range of.Commands() {
		switch {
		case !c.IsAvailableCommand() || c.Name() == "help" || c.Name() == "completion":
		case c.HasAvailableSubCommands():
			p.commands(c)
		default:
			p.item(strings.TrimPrefix(c.UseLine(), c.Root().Name()+" "), c.Short+".")
			p.flags(c)
		}
	}
}

func (p *page) flags(of *cobra.Command) {
	of.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		kind, meaning := pflag.UnquoteUsage(f)
		p.request(".RS")
		p.item(strings.TrimSpace("--"+f.Name+" "+kind), meaning)
		p.request(".RE")
	})
}

func (p *page) variable(v config.Variable) {
	name := v.Name
	switch {
	case v.Required:
		name += " (required)"
	case v.Default != "":
		name += " (default: " + v.Default + ")"
	}
	p.item(name, strings.ReplaceAll(v.Meaning, "`", ""))
}

// escape keeps roff from reading a text as its own language.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `"`, `\(dq`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
