package setup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"aura.radio/engine/pkg/instance"
)

// Plan is how a service is set up.
type Plan struct {
	// Questions are asked in their order. now is the present configuration, which
	// is what holds unless somebody says otherwise; nil: only flags and helps are
	// of interest.
	Questions func(at Place, now map[string]string) []Question
	// Derive makes a configuration out of the answers.
	Derive func(ctx context.Context, at Place, answers Answers, now map[string]string) (Outcome, error)
}

// Outcome is what follows from the answers.
type Outcome struct {
	Settings []Setting
	// Keep writes what is kept besides the settings; nil if there is nothing.
	Keep func() error
	// Openings are the ports that others must reach.
	Openings []Opening
	// Notes say what is worth knowing, and Next what is to be done next: commands.
	Notes, Next []string
}

// Set sets a variable; "" leaves it to its default.
func (o *Outcome) Set(variable, value string) {
	o.Settings = append(o.Settings, Setting{Variable: variable, Value: value})
}

// SetSecret is Set for a secret.
func (o *Outcome) SetSecret(variable, value string) {
	o.Settings = append(o.Settings, Setting{Variable: variable, Value: value, Secret: true})
}

// Start adds what starts an instance that was set up.
func (o *Outcome) Start(at Place) {
	if at.InContainer {
		o.Set(instance.Variable, string(at.Name)) // it has no unit to say so
	} else if at.Name != "" { // the package enables the other one
		o.Next = append(o.Next, "systemctl enable "+at.Unit())
	}
	o.Next = append(o.Next, at.restart())
}

// Check adds the command that says what works then.
func (o *Outcome) Check(at Place) { o.Next = append(o.Next, at.check()) }

// UnsetFamily leaves all present variables of a family to their defaults.
func (o *Outcome) UnsetFamily(now map[string]string, family string) {
	for variable := range now {
		if isMember(variable, family) {
			o.Set(variable, "")
		}
	}
}

// Host is where a service is set up.
type Host struct {
	Place
	// Accept says what is wrong with a configuration, and what follows from a right
	// one.
	Accept func(environ map[string]string) (notes []string, err error)
}

// Run interviews, writes, and tells what follows. Nothing is written if the service
// does not accept the configuration.
func (p Plan) Run(ctx context.Context, host Host, asker *Asker, flags Answers, out io.Writer) error {
	now, err := host.Current()
	if err != nil {
		return Readable(err)
	}
	host.Recall(now)
	answers, err := asker.Interview(ctx, p.Questions(host.Place, now), flags)
	if err != nil {
		return err
	}
	outcome, err := p.Derive(ctx, host.Place, answers, now)
	if err != nil {
		return err
	}
	var notes []string
	if err = host.collision(now, outcome.Settings); err == nil {
		notes, err = host.Accept(applied(now, outcome.Settings))
	}
	if err != nil {
		return &NotAccepted{host.String(), err}
	}
	if err := host.ensureUser(ctx); err != nil {
		return err
	}
	if err := host.write(outcome.Settings); err != nil {
		return Readable(err)
	}
	if outcome.Keep != nil {
		if err := outcome.Keep(); err != nil {
			return Readable(err)
		}
	}
	return host.tell(outcome, notes, out)
}

// NotAccepted is why nothing was written: the service does not accept the
// configuration.
type NotAccepted struct {
	Service string
	Err     error
}

// Error has the service's own words.
func (e *NotAccepted) Error() string {
	return fmt.Sprintf("nothing was written, because %s does not accept it:\n%v", e.Service, e.Err)
}

func (e *NotAccepted) Unwrap() error { return e.Err }

// tell says what was done, and what is to be done.
func (h Host) tell(o Outcome, notes []string, out io.Writer) error {
	text := bufio.NewWriter(out) // it keeps the first error
	fmt.Fprintf(text, "%s is set up: %s\n", h, h.File())
	if hint := h.withoutUser(); hint != "" {
		fmt.Fprintf(text, "  %s\n", hint)
	}
	for _, note := range append(o.Notes, notes...) {
		fmt.Fprintf(text, "  %s\n", note)
	}
	if rules := Firewall(o.Openings); len(rules) > 0 {
		fmt.Fprintln(text, "If this host has a firewall, let the others through:")
		for _, rule := range rules {
			fmt.Fprintf(text, "  %s\n", rule)
		}
	}
	if len(o.Next) > 0 {
		fmt.Fprintln(text, "Next:")
		for _, command := range o.Next {
			fmt.Fprintf(text, "  %s\n", command)
		}
	}
	return text.Flush()
}

// Readable says what to do about files that only root may touch.
func Readable(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: run it as root, or name another folder by --dir", err)
	}
	return err
}
