package command

import (
	"os"
	"testing"
)

// asProgram is set in processes that tests start in order to kill them.
const asProgram = "TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		Program("1.2.3").Main()
	}
	os.Exit(m.Run())
}
