package outbox

import (
	"flag"
	"testing"
)

// TestMain sets how many histories the property test tries. The command line
// may ask for more, such as -rapid.checks=50000.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "200"); err != nil {
		panic(err)
	}
	m.Run()
}
