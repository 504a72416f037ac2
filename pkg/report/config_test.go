package report

import (
	"strings"
	"testing"
	"time"
)

func TestConfig_Validate(t *testing.T) {
	t.Parallel()
	for _, good := range []Config{
		{Station: "Radio Helsinki", HoleAfter: time.Second}, {HoleAfter: 24 * time.Hour}, {Station: strings.Repeat("ü", 100), HoleAfter: time.Minute},
	} {
		if err := good.Validate(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []Config{
		{Station: "a\tb", HoleAfter: time.Second - 1}, {Station: strings.Repeat("ü", 101), HoleAfter: 24*time.Hour + 1}, {Station: "\x00", HoleAfter: -time.Minute},
	} {
		err := bad.Validate()
		if err == nil || !strings.Contains(err.Error(), "STATION_NAME") || !strings.Contains(err.Error(), "HOLE_AFTER") {
			t.Errorf("%+v: %v, want both mistakes", bad, err)
		}
	}
}
