package cli

// exit is an outcome with an exit code of its own.
type exit struct {
	code int
	error
}

// Error is what is said beside the code.
func (e exit) Error() string {
	if e.error == nil {
		return ""
	}
	return e.error.Error()
}

func (e exit) Unwrap() error { return e.error }

// Exit ends the program with that code, such as a check that has codes of its
// own. A nil error says nothing more: the command has said it all.
func Exit(code int, err error) error { return exit{code, err} }
