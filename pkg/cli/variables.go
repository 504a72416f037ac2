package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli/manual"
	"aura.radio/engine/pkg/config"
)

// lineLength is how long a line of text is, so that it fits a terminal.
const lineLength = 78

// manual is for packages; people call man.
func (p Program[C]) manual(env Env[C]) *cobra.Command {
	cmd := New("manual", "Print the manual page", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		cfg := p.Default(env.environ)
		return manual.Write(cmd.OutOrStdout(), cmd.Root(), config.Variables(&cfg))
	})
	cmd.Hidden = true
	return cmd
}

// printVariables prints the variables of a configuration for people.
func printVariables(out io.Writer, variables []config.Variable) error {
	var text bytes.Buffer
	for _, v := range variables {
		text.WriteString(v.Name)
		switch {
		case v.Required:
			text.WriteString(" (required)")
		case v.Default != "":
			fmt.Fprintf(&text, " (default: %s)", v.Default)
		}
		text.WriteByte('\n')
		indented(&text, strings.ReplaceAll(v.Meaning, "`", ""))
		text.WriteByte('\n')
	}
	_, err := text.WriteTo(out)
	return err
}

// indented writes a text in lines that fit.
func indented(text *bytes.Buffer, words string) {
	const indent = "    "
	length := 0
	for word := range strings.FieldsSeq(words) {
		switch {
		case length == 0:
			text.WriteString(indent)
			length = len(indent)
		case length+1+len(word) > lineLength:
			text.WriteString("\n" + indent)
			length = len(indent)
		default:
			text.WriteByte(' ')
			length++
		}
		text.WriteString(word)
		length += len(word)
	}
	if length > 0 {
		text.WriteByte('\n')
	}
}
