package manual_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli/manual"
	"aura.radio/engine/pkg/config"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	run := func(*cobra.Command, []string) {}
	root := &cobra.Command{Use: "service", Short: "Serves", Long: "service serves.\n.so it says \\o/", Version: "1.2.3", Run: run}
	box := &cobra.Command{Use: "box", Short: "A group"}
	open := &cobra.Command{Use: "open NAME", Short: "Open it", Run: run}
	open.Flags().String("by", "", "`who` opens it")
	open.Flags().Bool("secretly", false, "without a word")
	if err := open.Flags().MarkHidden("secretly"); err != nil {
		t.Fatal(err)
	}
	box.AddCommand(open, &cobra.Command{Use: "burn", Short: "Burn it", Run: run, Hidden: true})
	root.AddCommand(box)
	var page bytes.Buffer
	if err := manual.Write(&page, root, []config.Variable{
		{Name: "AURA_HOST", Required: true, Meaning: "The `host`."},
		{Name: "AURA_WAIT", Default: "5s", Meaning: "How long."},
	}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		".TH SERVICE 8 \"\" \"service 1.2.3\" \"AURA Engine API\"\n",
		"\nservice \\- serves\n",
		"\nservice serves.\n\\&.so it says \\eo/\n",
		"\n.B box open NAME [flags]\nOpen it.\n.RS\n.TP\n.B \\-\\-by who\nwho opens it\n.RE\n",
		"\n.B AURA_HOST (required)\nThe host.\n.TP\n.B AURA_WAIT (default: 5s)\nHow long.\n",
		"\n.B /etc/aura/service.env\n",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("lacks %q:\n%s", want, page.String())
		}
	}
	for _, hidden := range []string{"burn", "secretly"} {
		if strings.Contains(page.String(), hidden) {
			t.Errorf("shows %s:\n%s", hidden, page.String())
		}
	}
}
