package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/peer"
)

// Timeout is how long an operator waits for an answer.
const Timeout = 5 * time.Second

// Node is the node that a command calls, by its flags.
type Node struct{ URL, tokenFile string }

// Flags lets people choose the node.
func (n *Node) Flags(cmd *cobra.Command, name, url, what string) {
	cmd.Flags().StringVar(&n.URL, name, url, "URL of "+what)
	cmd.Flags().StringVar(&n.tokenFile, "token-file", "", "file with a token for the service; on the service's own host no token is needed")
}

// Client connects to nothing yet. The error is a mistake of usage.
func (n *Node) Client() (*peer.Client, error) {
	cfg := peer.Config{Timeout: Timeout}
	if n.tokenFile != "" {
		token, err := os.ReadFile(n.tokenFile)
		if err != nil {
			return nil, Usage(fmt.Errorf("read the token: %w", err))
		}
		cfg.Token = strings.TrimSpace(string(token))
		if err := cfg.Validate(); err != nil {
			return nil, Usage(fmt.Errorf("%s does not contain a token: a token is one line of printable ASCII without blanks", n.tokenFile))
		}
	}
	client, err := peer.New(n.URL, cfg)
	if err != nil {
		return nil, Usage(err)
	}
	return client, nil
}
