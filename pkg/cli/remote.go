package cli

import (
	"cmp"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/peer"
)

// patience is how long a person waits for an answer.
const patience = 5 * time.Second

// Remote is the running service that a command calls, by its flags. Such commands
// are for people, whose environment has nothing of the service's. If the package's
// command runs them for an instance, they call that one.
type Remote struct{ URL, tokenFile string }

// Flags lets people choose the service by the flag with that name. url is its
// default, and what says what the service is.
func (r *Remote) Flags(cmd *cobra.Command, name, url, what string) {
	cmd.Flags().StringVar(&r.URL, name, url, "URL of "+what)
	cmd.Flags().StringVar(&r.tokenFile, "token-file", "", "file with a token for the service; on the service's own host no token is needed")
}

// Client connects to nothing yet. The error is a mistake of usage.
func (r *Remote) Client() (*peer.Client, error) {
	cfg := peer.Config{Timeout: patience}
	if r.tokenFile != "" {
		token, err := os.ReadFile(r.tokenFile)
		if err != nil {
			return nil, Usage(fmt.Errorf("read the token: %w", err))
		}
		cfg.Token = strings.TrimSpace(string(token))
		if err := cfg.Validate(); err != nil {
			return nil, Usage(fmt.Errorf("%s does not contain a token: a token is one line of printable ASCII without blanks", r.tokenFile))
		}
	}
	client, err := peer.New(r.URL, cfg)
	if err != nil {
		return nil, Usage(err)
	}
	return client, nil
}

// OwnURL is where the service listens, as the environment says. If it says nothing,
// that is the usual URL.
func (env Env[C]) OwnURL(usual string) string {
	var http httpserver.Config
	if http.Listen = env.Value("LISTEN"); http.Listen == "" {
		return usual
	}
	http.TLSCert = env.Value("TLS_CERT")
	return http.OwnURL()
}

// Value is a variable of the environment, without its prefix; "" if it is not set.
func (env Env[C]) Value(variable string) string { return env.environ[config.Prefix+variable] }

// Person is who runs the command, for audit records.
func Person() string {
	name := os.Getenv("SUDO_USER")
	if u, err := user.Current(); name == "" && err == nil {
		name = u.Username
	}
	return cmp.Or(name, "operator")
}
