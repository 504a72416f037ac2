package model

import (
	"strings"
	"testing"
	"time"
)

func TestMaintenance_Normalize(t *testing.T) {
	t.Parallel()
	m := Maintenance{By: strings.Repeat("ä", MaxText+1), Reason: "a\x00" + strings.Repeat("ä", MaxReason), ChangedAt: time.Date(2020, 6, 27, 14, 0, 0, 1999, time.FixedZone("", 7200))}
	m.Normalize()
	want := Maintenance{By: strings.Repeat("ä", MaxText), Reason: "a " + strings.Repeat("ä", MaxReason-2), ChangedAt: time.Date(2020, 6, 27, 12, 0, 0, 1000, time.UTC)}
	if m != want {
		t.Errorf("%+v, want %+v", m, want)
	}
}
