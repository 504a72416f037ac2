package setup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Question is what a service must know. Its flag is another way to answer it.
type Question struct {
	Flag string
	Help string // of the flag
	// Ask is the question for a person; "" if it is never asked.
	Ask string
	// Default is the answer if there is none; nil: "".
	Default func(Answers) string
	// Required: "" is no answer.
	Required bool
	// Needless: the earlier answers say all; nil: never.
	Needless func(Answers) bool
	// Secret: a flag may name a file with the answer, or say that it comes from the
	// standard input.
	Secret bool
	// Check says what is wrong with an answer, in one sentence; nil: nothing.
	Check func(answer string) error
}

// Answers are the answers by flag.
type Answers map[string]string

// Always is a Default that does not depend on other answers.
func Always(answer string) func(Answers) string { return func(Answers) string { return answer } }

// Asker asks a person, and reads files for flags.
type Asker struct {
	In  io.Reader
	Out io.Writer
	// IsPerson: somebody answers at In. Otherwise only flags count.
	IsPerson bool

	lines chan string
}

// WrongAnswer is what is wrong with the flags.
type WrongAnswer struct{ error }

func (w WrongAnswer) Unwrap() error { return w.error }

// errMissing is why no set-up is made without answers.
var errMissing = errors.New("nobody can be asked here, and there is no answer")

// Interview completes the answers that flags gave. A person is asked everything if
// there are no flags, and otherwise what is required and missing. The error names
// every wrong or missing flag.
func (a *Asker) Interview(ctx context.Context, questions []Question, flags Answers) (Answers, error) {
	answers, all := Answers{}, a.IsPerson && len(flags) == 0
	var wrong []error
	for _, q := range questions {
		answer, isGiven := flags[q.Flag]
		if q.Needless != nil && q.Needless(answers) {
			if isGiven {
				wrong = append(wrong, fmt.Errorf("--%s: must not be given here, because the other answers say it", q.Flag))
			}
			continue
		}
		fallback := ""
		if q.Default != nil {
			fallback = q.Default(answers)
		}
		var err error
		switch {
		case isGiven:
			if answer, err = a.content(ctx, q, answer); err == nil {
				err = q.judge(answer)
			}
			if err == nil && answer == "" && q.Secret {
				err = errors.New("there is nothing in it")
			}
		case q.Ask != "" && (all || a.IsPerson && q.Required && fallback == ""):
			if answer, err = a.ask(ctx, q, fallback); err != nil {
				return nil, err
			}
		case fallback == "" && q.Required:
			err = errMissing
		default:
			answer, err = fallback, q.judge(fallback)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("--%s: %w", q.Flag, err))
		}
		answers[q.Flag] = answer
	}
	if len(wrong) > 0 {
		return nil, WrongAnswer{errors.Join(wrong...)}
	}
	return answers, nil
}

// judge says what is wrong with an answer.
func (q Question) judge(answer string) error {
	switch {
	case answer == "" && q.Required:
		return errors.New("an answer is required")
	case answer == "" || q.Check == nil:
		return nil
	}
	return q.Check(answer)
}

// ask asks a person until the answer is right.
func (a *Asker) ask(ctx context.Context, q Question, fallback string) (string, error) {
	for {
		shown := ""
		if fallback != "" && !q.Secret {
			shown = " [" + fallback + "]"
		}
		fmt.Fprintf(a.Out, "%s%s: ", q.Ask, shown)
		line, err := a.line(ctx)
		if err != nil {
			return "", fmt.Errorf("%s: %w", q.Ask, err)
		}
		if line == "" {
			line = fallback
		}
		if line == "" && !q.Required {
			return "", nil
		}
		if q.Secret {
			line, err = a.content(ctx, q, line)
		}
		if err == nil {
			err = q.judge(line)
		}
		if err == nil {
			return line, nil
		}
		fmt.Fprintf(a.Out, "  %v\n", err)
	}
}

// maxContent bounds how much of a file is an answer, in bytes.
const maxContent = 64 << 10

// content is the answer itself if a flag says where it is: - is the standard input,
// and @FILE a file.
func (a *Asker) content(ctx context.Context, q Question, answer string) (string, error) {
	switch file, isFile := strings.CutPrefix(answer, "@"); {
	case !q.Secret:
		return strings.TrimSpace(answer), nil
	case answer == "-":
		if a.IsPerson {
			fmt.Fprintf(a.Out, "%s: ", q.Ask)
		}
		return a.line(ctx)
	case isFile:
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		content, err := io.ReadAll(io.LimitReader(f, maxContent))
		return strings.TrimSpace(string(content)), err
	}
	return strings.TrimSpace(answer), nil
}

// line reads a line without the blanks around it, until ctx ends. The goroutine
// that waits for the person ends with the program, or at the end of the input.
func (a *Asker) line(ctx context.Context) (string, error) {
	if a.lines == nil {
		a.lines = make(chan string)
		go func() {
			defer close(a.lines)
			scanner := bufio.NewScanner(a.In)
			for scanner.Scan() {
				select {
				case a.lines <- strings.TrimSpace(scanner.Text()):
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	select {
	case line, more := <-a.lines:
		if !more {
			return "", errors.New("the input ended before the answer")
		}
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// OneOf is a Check: the answer is one of these.
func OneOf(allowed ...string) func(string) error {
	return func(answer string) error {
		if !slices.Contains(allowed, answer) {
			return fmt.Errorf("%q is not an answer; say %s", answer, strings.Join(allowed, " or "))
		}
		return nil
	}
}
