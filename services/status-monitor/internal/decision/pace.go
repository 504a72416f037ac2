package decision

import (
	"fmt"
	"slices"
	"time"
)

const (
	// remembered is how many heartbeats back a lost heartbeat counts.
	remembered = 60
	// The interval of health reports is learned within these bounds.
	shortestReports, longestReports = 10 * time.Second, time.Minute
	// gaps is how many of the last gaps between reports are remembered, and answers
	// how many times of answers.
	gaps, answers = 5, 3
)

// pace is how often a source gives a sign of life, and how long it may be silent.
type pace struct {
	interval time.Duration
	late     time.Duration // how much later than due the monitor may learn of a sign
	timeout  time.Duration // how long signs must be missing, if none was lost
	longest  time.Duration // the longest such time, however many were lost
}

// heartbeats is the pace of a source that sends them.
func (c *Config) heartbeats() pace {
	return pace{c.HeartbeatInterval, c.HeartbeatInterval / 2, c.HeartbeatTimeout, c.HeartbeatTimeoutMax}
}

// reports is the pace of a source that reports its health so often. Reports come
// by TCP, so none is lost on the way, but one may meet an engine-api that restarts.
func (c *Config) reports(interval time.Duration) pace {
	return pace{interval, interval/2 + c.Lag, 3 * interval, 3 * interval}
}

// suspectAfter is the silence in which two signs in a row are missing.
func (p pace) suspectAfter() time.Duration { return 2*p.interval + p.late }

// downAfter is the silence after which a source is down that lost so many signs.
func (p pace) downAfter(lost int) time.Duration {
	return min(p.timeout+time.Duration(lost)*p.interval, p.longest) + p.late
}

// mostLost is how many lost signs can make a difference.
func (p pace) mostLost() int {
	return min(remembered, int((p.longest-p.timeout+p.interval-1)/p.interval))
}

// pace is that of the signs that count for the source.
func (c *source) pace(cfg *Config) pace {
	if c.beats {
		return cfg.heartbeats()
	}
	return cfg.reports(interval(c.gaps))
}

// interval is that of reports with these gaps: the longest of them, because a
// promise that is too quick breaks.
func interval(gaps []time.Duration) time.Duration {
	if len(gaps) == 0 {
		return longestReports
	}
	return min(max(slices.Max(gaps), shortestReports), longestReports)
}

// Promises are the words for how each source is watched before anything is known
// of it, by its number.
func (c *Config) Promises() map[int]string {
	all := map[int]string{}
	for _, number := range c.Watched {
		all[number] = c.promise(!slices.Contains(c.Quiet, number), nil, 0)
	}
	return all
}

// promise says which signs of life count, and after which silence the source is
// down.
func (c *Config) promise(beats bool, gaps []time.Duration, lost int) string {
	switch {
	case beats:
		p := c.heartbeats()
		return fmt.Sprintf("watched by heartbeats, every %s: down after %s of silence", words(p.interval), words(p.downAfter(lost)))
	case len(gaps) == 0:
		quick, slow := c.reports(shortestReports), c.reports(longestReports)
		return fmt.Sprintf("watched by health reports and plays, until a heartbeat arrives: down after %s of silence, or sooner once the interval of the reports is learned (%s if it is %s)",
			words(slow.downAfter(0)), words(quick.downAfter(0)), words(quick.interval))
	}
	p := c.reports(interval(gaps))
	return fmt.Sprintf("watched by health reports, about every %s, and plays: down after %s of silence", words(p.interval), words(p.downAfter(0)))
}
