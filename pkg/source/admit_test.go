package source

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// told is a time that a request tells.
func told(at time.Time) stationtime.Reading { return stationtime.Reading{Time: at} }

// ago is an activation of the past.
func ago(epoch int64, number int, d time.Duration) model.Activation {
	return model.Activation{Epoch: epoch, Source: number, From: noon.Add(-d), RecordedAt: noon.Add(-d), By: "alice"}
}

// skewed is a monitor's request whose clock is behind by skew: the switch was ago
// before the request.
func skewed(number int, skew, ago time.Duration) Request {
	return Request{Source: number, At: told(noon.Add(-skew - ago)), Sent: noon.Add(-skew), Arrived: noon, Mandate: &Mandate{Upon: 7}}
}

// TestAdmit has each rule of doc.go with its bounds.
func TestAdmit(t *testing.T) {
	t.Parallel()
	const ahead = stationtime.MaxAhead
	yes, no, seven := new(true), new(false), new(int64(7))
	// By all that the tests know, source 1 is active since an hour ago.
	hour := ago(7, 1, time.Hour)
	known := Known{Last: hour, Active: hour, Latest: hour}
	pinned := known
	pinned.Last.Pinned, pinned.Active.Pinned, pinned.Latest.Pinned = true, true, true
	// The last one told of a time before the one that is active.
	history := Known{Last: ago(8, 3, 2*time.Hour), Active: hour, Latest: hour}
	// The clock was set back since the latest one.
	future := Known{Last: ago(8, 3, 2*time.Hour), Active: hour, Latest: ago(6, 5, -time.Minute)}
	mandate := func(upon int64) *Mandate {
		return &Mandate{Lease: model.Lease{Name: "monitor", Holder: "a", Epoch: 1}, Upon: upon}
	}
	was := ago(4, 2, 3*time.Hour) // as a late request told it
	with := func(k Known, change func(k *Known)) Known { change(&k); return k }
	repeats := with(history, func(k *Known) { k.Told = []model.Activation{was} })
	again := Request{Source: 2, At: told(was.From), By: "alice"}
	change := func(change func(r *Request)) Request { r := again; change(&r); return r }

	for name, c := range map[string]struct {
		request Request
		known   Known
		epoch   int64     // of the decision
		from    time.Time // zero: noon
		stored  bool
		err     error // errInvalid: any *model.InvalidError
	}{
		"First": {request: Request{Source: 1}, epoch: 1},
		"Next":  {request: Request{Source: 2}, known: known, epoch: 8},
		"NextAfterRenumbered": {
			request: Request{Source: 2}, known: Known{Last: ago(-3, 1, time.Hour), Active: ago(-3, 1, time.Hour)}, epoch: 1,
		},

		"NoSource":     {request: Request{}, err: errInvalid},
		"SourceTooBig": {request: Request{Source: math.MaxInt32 + 1}, err: errInvalid},
		"Early":        {request: Request{Source: 2, At: told(earliest.Add(-1))}, err: errInvalid},
		"Earliest":     {request: Request{Source: 2, At: told(earliest)}, epoch: 1, from: earliest},

		"Ahead":         {request: Request{Source: 2, At: told(noon.Add(ahead + time.Microsecond))}, err: errInvalid},
		"AheadAndSo":    {request: Request{Source: 1, At: told(noon.Add(ahead + time.Microsecond))}, known: known, err: errInvalid},
		"LittleAhead":   {request: Request{Source: 2, At: told(noon.Add(ahead))}, known: known, epoch: 8},
		"LittleAheadSo": {request: Request{Source: 1, At: told(noon.Add(ahead))}, known: known, epoch: 8}, // it is a record of that time
		"LittleAheadButLatest": {
			request: Request{Source: 2, At: told(noon.Add(ahead))}, known: future, epoch: 9, from: noon.Add(time.Minute),
		},
		"SecondEqualHour": {
			request: Request{Source: 2, At: stationtime.Reading{Time: noon.Add(ahead + 1), Other: noon.Add(-1000)}}, known: known,
			epoch: 8, from: noon.Add(-1000),
		},
		"BothEqualHoursToCome": {
			request: Request{Source: 2, At: stationtime.Reading{Time: noon.Add(ahead + 1), Other: noon}}, err: errInvalid,
		},

		"So":              {request: Request{Source: 1}, known: known, epoch: 7, from: hour.From, stored: true},
		"SoInOtherWords":  {request: Request{Source: 1, By: "bob"}, known: known, epoch: 7, from: hour.From, stored: true},
		"SoByDefaultOnly": {request: Request{Source: 1}, known: Known{Active: model.Activation{Source: 1}}, epoch: 1},
		"SoPinned":        {request: Request{Source: 1}, known: pinned, epoch: 7, from: hour.From, stored: true},
		"SoPinnedAgain":   {request: Request{Source: 1, Pin: yes}, known: pinned, epoch: 7, from: hour.From, stored: true},
		"PinWhatIsSo":     {request: Request{Source: 1, Pin: yes}, known: known, epoch: 8},
		"ReleaseWhatIsSo": {request: Request{Source: 1, Pin: no}, known: pinned, epoch: 8},
		"SoAtThatEpoch":   {request: Request{Source: 1, Epoch: seven}, known: known, epoch: 7, from: hour.From, stored: true},
		"SoAtOtherEpoch":  {request: Request{Source: 1, Epoch: seven}, known: history, err: model.ErrStaleEpoch},
		// What is active is not what was accepted last.
		"SoByTime":       {request: Request{Source: 1}, known: history, epoch: 7, from: hour.From, stored: true},
		"SoPinnedByLast": {request: Request{Source: 1, Pin: yes}, known: with(history, func(k *Known) { k.Last.Pinned = true }), epoch: 7, from: hour.From, stored: true},
		"NotSoByTime":    {request: Request{Source: 3}, known: history, epoch: 9},

		"ClockBehind": {
			request: Request{Source: 2, At: told(was.From), Mandate: mandate(7)}, known: with(known, func(k *Known) { k.Upon = hour }),
			epoch: 8, from: hour.From,
		},
		"ClockRight": {
			request: Request{Source: 2, At: told(noon.Add(-time.Minute)), Mandate: mandate(7)}, known: with(known, func(k *Known) { k.Upon = hour }),
			epoch: 8, from: noon.Add(-time.Minute),
		},
		"ClockBehindAPerson": {request: Request{Source: 2, At: told(was.From)}, known: with(known, func(k *Known) { k.Upon = hour }), epoch: 8, from: was.From},

		// The clock of who sent it is an hour behind, or ahead.
		"Skewed":       {request: skewed(2, time.Hour, time.Minute), known: known, epoch: 8, from: noon.Add(-time.Minute)},
		"SkewedAhead":  {request: skewed(2, -time.Hour, time.Minute), known: known, epoch: 8, from: noon.Add(-time.Minute)},
		"SkewedNow":    {request: skewed(2, time.Hour, 0), known: known, epoch: 8},
		"SkewedToUpon": {request: skewed(2, time.Hour, 2*time.Hour), known: with(known, func(k *Known) { k.Upon = hour }), epoch: 8, from: hour.From},
		"SkewedLittle": {request: skewed(2, MaxSkew, time.Minute), known: known, epoch: 8, from: noon.Add(-time.Minute - MaxSkew)},
		"SkewedMore":   {request: skewed(2, MaxSkew+1000, time.Minute), known: known, epoch: 8, from: noon.Add(-time.Minute)},
		"SkewedFrom1970": {
			request: Request{Source: 2, At: told(earliest), Sent: earliest.Add(time.Minute)}, known: known, epoch: 8, from: noon.Add(-time.Minute),
		},
		"SkewedBefore1970": {request: Request{Source: 2, At: told(earliest.Add(-time.Hour)), Sent: noon}, known: known, err: errInvalid},
		"SkewedEqualHour": {
			request: Request{Source: 2, At: stationtime.Reading{Time: noon.Add(time.Hour), Other: noon}, Sent: noon.Add(time.Minute)}, known: known,
			epoch: 8, from: noon.Add(-time.Minute),
		},
		"SentAndNoTime": {request: Request{Source: 1, Sent: noon.Add(-time.Hour)}, known: known, epoch: 7, from: hour.From, stored: true},
		// The difference is measured again, not quite the same.
		"SkewedAgain": {
			request: skewed(2, time.Hour+300*time.Millisecond, time.Minute),
			known: with(known, func(k *Known) {
				k.Told = []model.Activation{{Epoch: 8, Source: 2, From: noon.Add(-time.Minute), Reason: "r" + skewed(2, time.Hour+300*time.Millisecond, time.Minute).note()}}
			}), epoch: 8, from: noon.Add(-time.Minute), stored: true,
		},
		"SkewedAgainLess": {
			request: skewed(2, MaxSkew, time.Minute),
			known: with(known, func(k *Known) {
				k.Told = []model.Activation{{Epoch: 8, Source: 2, From: noon, Reason: "r" + skewed(2, MaxSkew, time.Minute).said()}}
			}), epoch: 8, stored: true,
		},
		"SkewedAgainMore": {
			request: skewed(2, time.Hour, time.Minute),
			known: with(known, func(k *Known) {
				k.Told = []model.Activation{{Epoch: 8, Source: 2, From: noon.Add(-time.Minute - time.Hour)}}
			}), epoch: 8, from: noon.Add(-time.Minute - time.Hour), stored: true,
		},
		"SkewedOther": {
			request: skewed(2, time.Hour, time.Minute),
			known: with(known, func(k *Known) {
				k.Told = []model.Activation{{Epoch: 8, Source: 3, From: noon, Reason: skewed(3, time.Hour, time.Second).note()}}
			}), epoch: 8, from: noon.Add(-time.Minute),
		},
		"SkewedToldLast": {
			request: skewed(1, time.Hour, time.Minute), known: with(known, func(k *Known) { k.Last.Reason = skewed(1, time.Hour, time.Minute).note() }),
			epoch: 7, from: hour.From, stored: true,
		},

		"Repeated":            {request: again, known: repeats, epoch: 4, from: was.From, stored: true},
		"RepeatedWhilePinned": {request: again, known: with(repeats, func(k *Known) { k.Last.Pinned = true }), epoch: 4, from: was.From, stored: true},
		"RepeatedAtOldEpoch":  {request: change(func(r *Request) { r.Epoch = new(int64(3)) }), known: repeats, epoch: 4, from: was.From, stored: true},
		"OtherSource":         {request: change(func(r *Request) { r.Source = 4 }), known: repeats, epoch: 9, from: was.From},
		"OtherTime":           {request: change(func(r *Request) { r.At.Time = was.From.Add(time.Microsecond) }), known: repeats, epoch: 9, from: was.From.Add(time.Microsecond)},
		"OtherPerson":         {request: change(func(r *Request) { r.By = "Alice" }), known: repeats, epoch: 9, from: was.From},
		"OtherReason":         {request: change(func(r *Request) { r.Reason = "silent" }), known: repeats, epoch: 9, from: was.From},
		"OtherPin":            {request: change(func(r *Request) { r.Pin = yes }), known: repeats, epoch: 9, from: was.From},
		"RepeatedFiner":       {request: change(func(r *Request) { r.At.Time = was.From.Add(999).In(time.FixedZone("", 3600)) }), known: repeats, epoch: 4, from: was.From, stored: true},
		"RepeatedDecision": {
			request: Request{Source: 2, At: told(was.From), By: "alice", Mandate: mandate(7)},
			known: with(known, func(k *Known) {
				k.Last, k.Upon = ago(9, 1, time.Minute), hour
				k.Told = []model.Activation{{Epoch: 8, Source: 2, From: hour.From, By: "alice"}}
			}),
			epoch: 8, from: hour.From, stored: true,
		},
		"RepeatedAfterDeposition": {request: change(func(r *Request) { r.Mandate = mandate(3) }), known: with(repeats, func(k *Known) { k.Deposed = true }), epoch: 4, from: was.From, stored: true},
		// What is of now may be meant again, also at the same instant.
		"NotLate": {
			request: Request{Source: 2, By: "alice"}, known: with(known, func(k *Known) { k.Told = []model.Activation{{Epoch: 3, Source: 2, From: noon, By: "alice"}} }), epoch: 8,
		},

		"Deposed":        {request: Request{Source: 2, Mandate: mandate(7)}, known: with(known, func(k *Known) { k.Deposed = true }), err: model.ErrDeposed},
		"DeposedAndOld":  {request: Request{Source: 2, Mandate: mandate(6)}, known: with(known, func(k *Known) { k.Deposed = true }), err: model.ErrDeposed},
		"DeposedButSo":   {request: Request{Source: 1, Mandate: mandate(7)}, known: with(known, func(k *Known) { k.Deposed = true }), epoch: 7, from: hour.From, stored: true},
		"DeposedTells":   {request: Request{Source: 1, At: told(hour.From), Mandate: mandate(7)}, known: with(known, func(k *Known) { k.Deposed = true }), err: model.ErrDeposed},
		"APersonIsNever": {request: Request{Source: 2}, known: with(known, func(k *Known) { k.Deposed = true }), epoch: 8},

		"Told":          {request: Request{Source: 1, At: told(hour.From), Reason: "so they say"}, known: known, epoch: 7, from: hour.From, stored: true},
		"ToldOfPinned":  {request: Request{Source: 1, At: told(hour.From)}, known: pinned, epoch: 7, from: hour.From, stored: true},
		"ToldToRelease": {request: Request{Source: 1, At: told(hour.From), Pin: no}, known: pinned, epoch: 8, from: hour.From},
		"ToldOldEpoch":  {request: Request{Source: 1, At: told(hour.From), Epoch: new(int64(6))}, known: known, epoch: 7, from: hour.From, stored: true},
		"ToldOfNow":     {request: Request{Source: 1, At: told(noon)}, known: with(known, func(k *Known) { k.Last.From = noon }), epoch: 7, stored: true},
		"ToldOther":     {request: Request{Source: 2, At: told(hour.From)}, known: known, epoch: 8, from: hour.From},
		"NotTold":       {request: Request{Source: 1, Epoch: new(int64(6))}, known: with(known, func(k *Known) { k.Last.From, k.Active.From = noon, noon }), err: model.ErrStaleEpoch},
		"ToldOfBefore":  {request: Request{Source: 1, At: told(hour.From)}, known: history, epoch: 9, from: hour.From},

		"StaleEpoch":       {request: Request{Source: 2, Epoch: new(int64(6))}, known: known, err: model.ErrStaleEpoch},
		"EpochToCome":      {request: Request{Source: 2, Epoch: new(int64(8))}, known: known, err: model.ErrStaleEpoch},
		"LastEpoch":        {request: Request{Source: 2, Epoch: seven}, known: known, epoch: 8},
		"NoneWasAccepted":  {request: Request{Source: 2, Epoch: new(int64(0))}, epoch: 1},
		"StaleDecision":    {request: Request{Source: 2, Mandate: mandate(6)}, known: known, err: model.ErrStaleEpoch},
		"MandateOverrules": {request: Request{Source: 2, Epoch: seven, Mandate: mandate(6)}, known: known, err: model.ErrStaleEpoch},
		"StaleAndPinned":   {request: Request{Source: 2, Epoch: new(int64(6))}, known: pinned, err: model.ErrStaleEpoch},

		"Pinned":              {request: Request{Source: 2}, known: pinned, err: model.ErrPinned},
		"PinnedAndLate":       {request: Request{Source: 2, At: told(was.From)}, known: pinned, err: model.ErrPinned},
		"Release":             {request: Request{Source: 2, Pin: no}, known: pinned, epoch: 8},
		"PinOther":            {request: Request{Source: 2, Pin: yes}, known: pinned, epoch: 8},
		"MonitorReleases":     {request: Request{Source: 2, Pin: no, ByMonitor: true}, known: pinned, err: model.ErrPinned},
		"MonitorPins":         {request: Request{Source: 2, Pin: yes, ByMonitor: true}, known: pinned, err: model.ErrPinned},
		"MonitorMayOtherwise": {request: Request{Source: 2, Pin: no, ByMonitor: true}, known: known, epoch: 8},

		"Late":        {request: Request{Source: 2, At: told(was.From)}, known: known, epoch: 8, from: was.From},
		"JustLate":    {request: Request{Source: 2, At: told(noon.Add(-time.Microsecond))}, known: future, epoch: 9, from: noon.Add(-time.Microsecond)},
		"ToldNow":     {request: Request{Source: 2, At: told(noon)}, known: future, epoch: 9, from: noon.Add(time.Minute)},
		"OurClockSet": {request: Request{Source: 2}, known: future, epoch: 9, from: noon.Add(time.Minute)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.request.Arrived = noon
			d, err := Admit(c.request, c.known)
			if _, invalid := errors.AsType[*model.InvalidError](err); invalid && errors.Is(c.err, errInvalid) {
				return
			}
			if !errors.Is(err, c.err) || err != nil && d != (Decision{}) {
				t.Fatalf("%+v, %v, want %v", d, err, c.err)
			}
			if c.from.IsZero() {
				c.from = noon
			}
			if err == nil && (d.Epoch != c.epoch || !d.From.Equal(c.from) || d.Stored != c.stored) {
				t.Errorf("%+v, want epoch %d from %s, stored %t", d, c.epoch, c.from, c.stored)
			}
		})
	}
}

var errInvalid = errors.New("invalid")

// TestAdmit_record: what is accepted is what the request says, in the form in
// which it is stored.
func TestAdmit_record(t *testing.T) {
	t.Parallel()
	local := time.FixedZone("", 3600)
	r := Request{
		Source: 2, Arrived: noon.Add(1999).In(local), At: told(noon.Add(-time.Hour).In(local)), By: "M.\x00Tester", Reason: "studio\nline", Pin: new(true),
	}
	d, err := Admit(r, Known{})
	want := model.Activation{
		Epoch: 1, Source: 2, From: noon.Add(-time.Hour), RecordedAt: noon.Add(time.Microsecond), By: "M. Tester", Reason: "studio line", Pinned: true,
	}
	if err != nil || d.Activation != want {
		t.Errorf("got  %+v, %v\nwant %+v", d, err, want)
	}
	if !r.IsLate() || (Request{Source: 2, Arrived: r.Arrived}).IsLate() {
		t.Error("only what tells a time before its arrival is late")
	}
}

// TestAdmit_skew: the record says what the clock said, however long the reason is.
func TestAdmit_skew(t *testing.T) {
	t.Parallel()
	const hour = "; the sender's clock was 1h0m0s behind and said 2020-06-27T10:59:01+00:00"
	for _, c := range []struct {
		skew   time.Duration
		reason string
		want   string
	}{
		{time.Hour + 20*time.Millisecond, "1 is silent", "1 is silent; the sender's clock was 1h0m0s behind and said 2020-06-27T10:59:00.980000+00:00"},
		{-90 * time.Second, "1 is silent", "1 is silent; the sender's clock was 1m30s ahead and said 2020-06-27T12:00:31+00:00"},
		{MaxSkew, "1 is silent", "1 is silent"},
		{time.Hour, strings.Repeat("ä", model.MaxReason), strings.Repeat("ä", model.MaxReason-len(hour)) + hour},
	} {
		r := skewed(2, c.skew, 59*time.Second)
		r.Reason, r.Mandate = c.reason, nil
		d, err := Admit(r, Known{})
		if err != nil || d.Reason != c.want {
			t.Errorf("%s: %q, %v, want %q", c.skew, d.Reason, err, c.want)
		}
		clean := d.Activation
		if clean.Normalize(); clean != d.Activation {
			t.Errorf("%s: it is stored as %+v", c.skew, clean)
		}
	}
}
