package playlog

import (
	"os"
	"testing"

	"aura.radio/engine/pkg/repo/repotest"
)

func TestMain(m *testing.M) { os.Exit(repotest.Main(m)) }
