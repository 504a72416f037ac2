package outbox

import (
	"flag"
	"testing"
)

// TestMain sets on how many histories the property is tried; the command line
// may say more, such as -rapid.checks=50000.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "500"); err != nil {
		panic(err)
	}
	m.Run()
}
