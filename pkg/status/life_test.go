package status_test

import (
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/status"
)

func TestLives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lives := status.NewLives(time.Now)
		expect := func(source int, reports, plays model.Words) {
			t.Helper()
			got := lives.Of(source)
			if want := (model.Life{Source: source, Start: got.Start, Reports: reports, Plays: plays}); got != want || got.Start == "" {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		expect(1, model.Words{}, model.Words{})
		lives.Reported(1)
		time.Sleep(3 * time.Second)
		lives.Reported(1)
		lives.Played(2)
		time.Sleep(2 * time.Second)
		expect(1, model.Words{Count: 2, Ago: 2 * time.Second}, model.Words{})
		expect(2, model.Words{}, model.Words{Count: 1, Ago: 2 * time.Second})
		for source := range 1000 { // made up by whoever sends
			lives.Reported(source)
		}
		expect(999, model.Words{}, model.Words{})
		expect(1, model.Words{Count: 3}, model.Words{})
		if again := status.NewLives(time.Now).Of(1); again.Start == lives.Of(1).Start {
			t.Error("two starts have one name")
		}
	})
}
