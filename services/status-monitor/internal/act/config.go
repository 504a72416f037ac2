package act

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/delivery/webhook"
	"aura.radio/engine/services/status-monitor/internal/process"
)

// Config says what a switch of the active source sets off. It is meant to be
// filled by config.Load.
type Config struct {
	Command        string         `env:"ON_SWITCH_COMMAND" doc:"Absolute path and arguments of a program that is run at each switch of the active source. There is no shell, but arguments may be quoted as in a shell. {source} and {previous} in arguments are replaced. AURA_SOURCE, AURA_PREVIOUS_SOURCE (empty if it is not known), AURA_AT, AURA_BY and AURA_REASON are set."`
	CommandTimeout time.Duration  `env:"ON_SWITCH_TIMEOUT" envDefault:"10s" doc:"How long the command may run. Then it is killed, which counts as a failure."`
	Webhooks       map[int]string `family:"WEBHOOK" doc:"URL to which switches, changes of sources and alarms are posted. The messages follow the Standard Webhooks specification."`
	WebhookSecret  string         `env:"WEBHOOK_SECRET" secret:"true" doc:"Key that signs the messages to webhooks: at least 24 characters, or whsec_ and the base64 of at least 24 bytes. Required for webhooks."`
	WebhookTimeout time.Duration  `env:"WEBHOOK_TIMEOUT" envDefault:"10s" doc:"How long a webhook may take to answer."`
}

// Validate names every mistake.
func (c *Config) Validate() error {
	var found []error
	refuse := func(variable, value, rule string) {
		found = append(found, &config.Mistake{Variable: variable, Value: value, Rule: rule})
	}
	if _, err := process.Parse(c.Command); err != nil {
		refuse("ON_SWITCH_COMMAND", c.Command, err.Error())
	}
	if c.CommandTimeout < 100*time.Millisecond || c.CommandTimeout > 10*time.Minute {
		refuse("ON_SWITCH_TIMEOUT", c.CommandTimeout.String(), "must be from 100ms to 10m")
	}
	for _, number := range slices.Sorted(maps.Keys(c.Webhooks)) {
		if !isHTTP(c.Webhooks[number]) {
			// The value is not shown: the URL of a webhook often is a secret.
			refuse(webhookVariable(number), "", "must be a URL, such as https://example.org/hook")
		}
	}
	if _, err := c.key(); err != nil {
		refuse("WEBHOOK_SECRET", "", err.Error())
	}
	if c.WebhookTimeout < 100*time.Millisecond || c.WebhookTimeout > 5*time.Minute {
		refuse("WEBHOOK_TIMEOUT", c.WebhookTimeout.String(), "must be from 100ms to 5m")
	}
	return errors.Join(found...)
}

func webhookVariable(number int) string { return "WEBHOOK_" + strconv.Itoa(number) }

func isHTTP(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Hostname() != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// key is the signing key; nil if nothing is to be signed.
func (c *Config) key() ([]byte, error) {
	if c.WebhookSecret == "" {
		if len(c.Webhooks) > 0 {
			return nil, errors.New("is required for webhooks")
		}
		return nil, nil
	}
	return webhook.Key(c.WebhookSecret)
}
