package config_test

import (
	"fmt"
	"time"

	"aura.radio/engine/pkg/config"
)

// display is the block of a package that knows displays.
type display struct {
	Names   map[int]string `family:"DISPLAY" doc:"What people call each display."`
	Timeout time.Duration  `env:"DISPLAY_TIMEOUT" envDefault:"5s" doc:"How long a display may take to answer."`
	Token   string         `env:"DISPLAY_TOKEN" secret:"true" doc:"Token for the displays."`
}

// Validate names every mistake.
func (d *display) Validate() error {
	if d.Timeout < time.Second {
		return &config.Mistake{Variable: "DISPLAY_TIMEOUT", Value: d.Timeout.String(), Rule: "must be at least 1s"}
	}
	return nil
}

// playout is the configuration of a service, composed of blocks.
type playout struct{ Display display }

// In a service, the environment is config.Environ().
func Example() {
	var cfg playout
	err := config.Load(&cfg, map[string]string{"AURA_DISPLAY_1": "studio", "AURA_DISPLAY_2": "foyer", "AURA_DISPLAY_TOKEN": "secret"})
	fmt.Println(cfg.Display.Names, cfg.Display.Timeout, err)

	fmt.Println(config.Load(new(playout), map[string]string{"AURA_DISPLAY_TIMEOUT": "0.23", "AURA_DISPLAY_TOKN": "secret"}))
	fmt.Print(config.Table(new(playout)))
	// Output:
	// map[1:studio 2:foyer] 5s <nil>
	// AURA_DISPLAY_TOKN: is not a known variable; did you mean AURA_DISPLAY_TOKEN?
	// AURA_DISPLAY_TIMEOUT="230ms": must be at least 1s
	// | variable | default | meaning |
	// |---|---|---|
	// | `AURA_DISPLAY_1`, `AURA_DISPLAY_2`, … |  | What people call each display. |
	// | `AURA_DISPLAY_TIMEOUT` | `5s` | How long a display may take to answer. |
	// | `AURA_DISPLAY_TOKEN` |  | Token for the displays. Secret: the value may also come from the file that `AURA_DISPLAY_TOKEN_FILE` names, or from the systemd credential `aura_display_token`. |
}
