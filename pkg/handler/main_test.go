package handler

import (
	"flag"
	"testing"
)

// TestMain sets how often a property is tried: each try asks a whole service many
// times. The command line may say more, such as -rapid.checks=1000; `make soak`
// does.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	m.Run()
}
