package model

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// SourceNames are what people call the sources, by number.
type SourceNames map[int]string

// UnmarshalText reads a list such as 1=Engine A,3=Studio line.
func (n *SourceNames) UnmarshalText(text []byte) error {
	names := SourceNames{}
	for item := range strings.SplitSeq(string(text), ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		digits, name, _ := strings.Cut(item, "=")
		number, err := strconv.Atoi(strings.TrimSpace(digits))
		name = strings.TrimSpace(name)
		if err != nil || number < 1 || name == "" {
			return errors.New("must be a list of number=name, such as 1=Engine A,3=Studio line")
		}
		if names[number] != "" {
			return fmt.Errorf("must name source %d only once", number)
		}
		names[number] = name
	}
	*n = names
	return nil
}
