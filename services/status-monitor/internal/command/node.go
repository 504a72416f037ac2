package command

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/peer"
)

// timeout is how long an operator waits for an answer.
const timeout = 5 * time.Second

// node is the node that a command calls, by its flags.
type node struct{ url, tokenFile string }

// flags lets people choose the node.
func (n *node) flags(cmd *cobra.Command, name, url, what string) {
	cmd.Flags().StringVar(&n.url, name, url, "URL of "+what)
	cmd.Flags().StringVar(&n.tokenFile, "token-file", "", "file with a token for the service; on the service's own host no token is needed")
}

// client connects to nothing yet. The error is a mistake of usage.
func (n *node) client() (*peer.Client, error) {
	cfg := peer.Config{Timeout: timeout}
	if n.tokenFile != "" {
		token, err := os.ReadFile(n.tokenFile)
		if err != nil {
			return nil, cli.Usage(fmt.Errorf("read the token: %w", err))
		}
		cfg.Token = strings.TrimSpace(string(token))
		if err := cfg.Validate(); err != nil {
			return nil, cli.Usage(fmt.Errorf("%s does not contain a token: a token is one line of printable ASCII without blanks", n.tokenFile))
		}
	}
	client, err := peer.New(n.url, cfg)
	if err != nil {
		return nil, cli.Usage(err)
	}
	return client, nil
}
