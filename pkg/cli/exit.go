package cli

// exit is an outcome with an exit code of its own.
type exit struct {
	code int
	error
}

// Error is the message that is shown with the code.
func (e exit) Error() string {
	if e.error == nil {
		return ""
	}
	return e.error.Error()
}

func (e exit) Unwrap() error { return e.error }

// Exit ends the program with that code. It is for commands with their own
// codes, such as a check. With a nil error nothing more is printed, because the
// command has already printed everything.
func Exit(code int, err error) error { return exit{code, err} }
