package heard_test

import (
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

const sec = time.Second

// title is a play in time.
func title(id byte, name string, start, duration time.Duration) heard.Play {
	return heard.Play{
		ID: model.Fingerprint{id}, Title: name, ShowName: "Show", ShowID: 1,
		Start: clock(start), Duration: duration, ReceivedAt: clock(start),
	}
}

func fallback(id byte, start, duration time.Duration) heard.Play {
	p := title(id, "stand-in "+string('0'+rune(id)), start, duration)
	p.ShowName, p.ShowID = "Fallback", 0
	return p
}

func arriving(p heard.Play, at time.Duration) heard.Play {
	p.ReceivedAt = clock(at)
	return p
}

func again(p heard.Play, at time.Duration) heard.Play {
	p.Again = append(p.Again, clock(at))
	return p
}

func byHand(p heard.Play) heard.Play {
	p.ReceivedAt, p.Manual = time.Time{}, true
	return p
}

func void(p heard.Play) heard.Play {
	p.Void = true
	return p
}

// health is `true` for positive seconds, `false` for negative ones.
func health(at ...int) (reports []heard.Report) {
	for _, s := range at {
		reports = append(reports, heard.Report{At: clock(time.Duration(max(s, -s)) * sec), Fallback: s > 0})
	}
	return reports
}

// sentence is one sentence of the rule, with values reckoned by hand.
type sentence struct {
	name    string
	plays   []heard.Play
	reports []heard.Report
	want    string
}

func (s sentence) history() history { return history{heard.Defaults(), s.plays, s.reports} }

func sentences() []sentence {
	return []sentence{
		{
			"metadata repeated in a cross-fade is one play",
			[]heard.Play{title(1, "a", 0, 30*sec), title(2, "a", 27*sec, 30*sec), title(3, "b", 28*sec, 10*sec)}, nil,
			"0100 0s–28s\n0200, repetition of 0100\n0300 28s–38s",
		}, {
			"in the last ten seconds and then for half of its length: played twice",
			[]heard.Play{title(1, "a", 0, 30*sec), title(2, "a", 27*sec, 30*sec), title(3, "b", 42*sec, 10*sec)}, nil,
			"0100 0s–27s\n0200 27s–42s\n0300 42s–52s",
		}, {
			"a last repetition of unknown duration ends when the one before would have",
			[]heard.Play{title(1, "a", 0, 30*sec), title(2, "a", 10*sec, 0)}, nil,
			"0100 0s–30s\n0200, repetition of 0100",
		}, {
			"a jingle logged by hand stands between",
			[]heard.Play{title(1, "a", 0, 30*sec), byHand(title(2, "j", 5*sec, 2*sec)), title(3, "a", 10*sec, 30*sec)}, nil,
			"0100 0s–5s\n0200 5s–7s\n0300 10s–40s",
		}, {
			"a void takes the repetitions of the play along",
			[]heard.Play{void(title(1, "a", 0, 30*sec)), title(2, "a", 10*sec, 30*sec), title(3, "a", 50*sec, 10*sec)}, nil,
			"0100, void\n0200, void\n0300 50s–1m0s",
		}, {
			"replaced within its slot",
			[]heard.Play{title(1, "a", 0, 60*sec), arriving(title(2, "b", 0, 60*sec), 25*sec)}, nil,
			"0100 0s–25s\n0200 25s–1m0s",
		}, {
			"told again, which ends its replacement",
			[]heard.Play{again(title(1, "a", 0, 60*sec), 40*sec), arriving(title(2, "b", 0, 60*sec), 25*sec)}, nil,
			"0100 0s–25s 40s–1m0s\n0200 25s–40s",
		}, {
			"logged by hand counts as last, from its start",
			[]heard.Play{title(1, "a", 0, 60*sec), arriving(title(2, "b", 0, 60*sec), 25*sec), byHand(title(3, "c", 0, 60*sec))}, nil,
			"0100\n0200\n0300 0s–1m0s",
		}, {
			"replaced while both waited in a queue: the order of arrival only",
			[]heard.Play{arriving(title(1, "b", 0, 60*sec), 30*sec), arriving(title(2, "a", 0, 60*sec), 30*sec+10*time.Millisecond)}, nil,
			"0100\n0200 0s–1m0s",
		}, {
			"a stream that came late, over fallback",
			[]heard.Play{title(1, "a", 0, 60*sec), fallback(2, 60*sec+400*time.Millisecond, 20*sec), arriving(title(3, "b", 60*sec, 60*sec), 70*sec)}, nil,
			"0100 0s–1m0s\n0200 1m0.4s–1m10s\n0300 1m10s–2m0s",
		}, {
			"a late arrival alone proves nothing",
			[]heard.Play{title(1, "a", 0, 60*sec), arriving(title(2, "b", 60*sec, 60*sec), 70*sec)}, nil,
			"0100 0s–1m0s\n0200 1m0s–2m0s",
		}, {
			"a late arrival while health was in fallback",
			[]heard.Play{title(1, "a", 0, 60*sec), arriving(title(2, "b", 60*sec, 60*sec), 70*sec)}, health(50, 100),
			"0100 0s–1m0s\n0200 1m10s–2m0s",
		}, {
			"a queue that waited: nothing follows from arrival",
			[]heard.Play{arriving(title(1, "a", 0, 20*sec), 50*sec), arriving(fallback(2, 50*sec+10*time.Millisecond, 20*sec), 50*sec+10*time.Millisecond), arriving(title(3, "b", 20*sec, 90*sec), 50*sec+20*time.Millisecond)}, nil,
			"0100 0s–20s\n0200 doubted\n0300 20s–1m50s",
		}, {
			"a fallback behind the late play that ended it was not heard",
			[]heard.Play{fallback(1, 0, 40*sec), arriving(title(2, "b", 0, 60*sec), 23*sec), fallback(3, 23*sec+400*time.Millisecond, 20*sec)}, health(10, 20),
			"0100 0s–23s\n0200 23s–1m0s\n0300 doubted",
		}, {
			"but it was if health says so",
			[]heard.Play{fallback(1, 0, 40*sec), arriving(title(2, "b", 0, 60*sec), 23*sec), fallback(3, 23*sec+400*time.Millisecond, 20*sec)}, health(10, 20, 30),
			"0100 0s–23s\n0200 23s–23.4s 43.4s–1m0s\n0300 23.4s–43.4s",
		}, {
			"what fallback covered is audible again, until its planned end",
			[]heard.Play{title(1, "a", 0, 60*sec), fallback(2, 10*sec, 20*sec)}, nil,
			"0100 0s–10s 30s–1m0s\n0200 10s–30s",
		}, {
			"the first false ends fallback, if the next report is not true",
			[]heard.Play{title(1, "a", 0, 60*sec), fallback(2, 10*sec, 40*sec)}, health(12, -15, 20, -25, -30),
			"0100 0s–10s 25s–1m0s\n0200 10s–25s",
		}, {
			"false before and after: not heard",
			[]heard.Play{title(1, "a", 0, 60*sec), fallback(2, 10*sec, 40*sec)}, health(-5, -15, -25),
			"0100 0s–1m0s\n0200 doubted",
		}, {
			"a false before that is older than two minutes says nothing",
			[]heard.Play{title(1, "a", 0, 600*sec), fallback(2, 200*sec, 40*sec)}, health(-5, -215, -225),
			"0100 0s–3m20s 3m35s–10m0s\n0200 3m20s–3m35s",
		}, {
			"a fallback that had ended is audible again when it is told again",
			[]heard.Play{title(1, "a", 0, 60*sec), again(fallback(2, 10*sec, 40*sec), 30*sec)}, health(12, -15, -20),
			"0100 0s–10s 15s–30s 50s–1m0s\n0200 10s–15s 30s–50s",
		}, {
			"told again, which ends a fallback over it",
			[]heard.Play{again(title(1, "a", 0, 60*sec), 20*sec), fallback(2, 10*sec, 40*sec)}, nil,
			"0100 0s–10s 20s–1m0s\n0200 10s–20s",
		}, {
			"of unknown duration: the longest file, which is an estimate",
			[]heard.Play{title(1, "a", 0, 0)}, nil,
			"0100 0s–15m0s estimated",
		}, {
			"too short, because something else began",
			[]heard.Play{title(1, "a", 0, 60*sec), title(2, "b", 20*sec, 60*sec), title(3, "c", 20*sec+900*time.Millisecond, 60*sec)}, nil,
			"0100 0s–20.9s\n0200\n0300 20.9s–1m20.9s",
		}, {
			"played twice, the second time with its metadata repeated",
			[]heard.Play{title(1, "a", 0, 30*sec), title(2, "a", 27*sec, 30*sec), title(3, "a", 28*sec, 30*sec)}, nil,
			"0100 0s–27s\n0200 27s–58s\n0300, repetition of 0200",
		}, {
			"the stream that ended fallback is late, even if another fallback arrives at that instant",
			[]heard.Play{title(1, "a", 0, 10*sec), fallback(3, 2*sec, 60*sec), arriving(title(5, "b", 3*sec, 60*sec), 14*sec), fallback(4, 14*sec, 60*sec)}, nil,
			"0100 0s–2s\n0300 2s–14s\n0400 doubted\n0500 14s–1m3s",
		}, {
			"of unknown duration, and so late that the estimate would be over",
			[]heard.Play{fallback(1, 0, 1500*sec), arriving(title(2, "b", 1*sec, 0), 1200*sec)}, nil,
			"0100 0s–20m0s\n0200 20m0s–35m0s estimated",
		}, {
			"told again after its estimate is over: nothing begins, and what replaced it goes on",
			[]heard.Play{again(arriving(title(1, "b", 20*sec, 0), 22*sec), 921*sec), arriving(title(2, "a", 20*sec, 2000*sec), 40*sec)}, nil,
			"0100 20s–40s\n0200 40s–33m40s",
		}, {
			"a doubtful start is out",
			[]heard.Play{title(1, "a", 0, 900*sec), arriving(title(2, "b", 400*sec, 60*sec), 99*sec)}, nil,
			"0100 0s–15m0s\n0200, doubtful start",
		},
	}
}

// TestOracleReadsTheSentences: the oracle itself.
func TestOracleReadsTheSentences(t *testing.T) {
	for _, s := range sentences() {
		t.Run(s.name, func(t *testing.T) {
			h := s.history()
			if got := tell(h, ask(h.plays, h.reports, h.config)); got != s.want {
				t.Errorf("the oracle heard\n%s\nwanted\n%s", got, s.want)
			}
		})
	}
}
