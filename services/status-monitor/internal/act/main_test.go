package act

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain sets on how many histories the property is tried; the command line
// may say more, such as -rapid.checks=100000.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "500"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
