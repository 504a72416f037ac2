package heard_test

import (
	"testing"

	"aura.radio/engine/pkg/onair/heard"
)

func TestDerive_arrivals(t *testing.T) {
	stories{
		"a queue that waited proves nothing": {
			story{play("A", 0, 20, at(32)), play("B", 20, 20, at(32.1)), stopgap("F", 10, 5), says(true, 12)},
			"A 0-10 15-20 (covered by fallback); B 20-40; F 10-15",
		},
		"a fallback in a queue was not heard": {
			story{play("A", 0, 60, at(32)), stopgap("F", 32.1, 20), play("B", 60, 20, at(32.2))},
			"A 0-60; B 60-80; F? (doubtful start)",
		},
		"a fallback behind a queue was not heard": {
			story{play("A", 0, 60, at(32)), stopgap("F", 32.1, 20)},
			"A 0-60; F? (doubtful start)",
		},
		"a fallback behind a queue was heard if health says so": {
			story{play("A", 0, 60, at(32)), stopgap("F", 32.1, 20), says(true, 40)},
			"A 0-32.1 52.1-60 (covered by fallback); F 32.1-52.1",
		},
		"health says so too late": {
			story{play("A", 0, 60, at(32)), stopgap("F", 32.1, 20), says(true, 52.1)},
			"A 0-60; F? (doubtful start)",
		},
		"a fallback behind a queue whose last play was in time was heard": {
			story{play("A", 0, 31, at(30)), play("B", 31, 60, at(30.5)), stopgap("F", 31.2, 20)},
			"A 0-31; B 31-31.2 51.2-91 (covered by fallback); F 31.2-51.2",
		},
		"plays a second apart are no queue": {
			story{stopgap("F", 5, 10), play("A", 0, 60, at(20)), play("B", 60, 20, at(21))},
			"A 20-60 (covered by fallback); B 60-80; F 5-15",
		},
		"less than a second apart they are": {
			story{stopgap("F", 5, 10), play("A", 0, 60, at(20)), play("B", 60, 20, at(20.9))},
			"A 0-5 15-60 (covered by fallback); B 60-80; F 5-15",
		},
		"an arrival six hours later proves that a play was replaced": {
			story{play("A", 0, 30000), play("B", 0, 30000, at(6*3600))},
			"A 0-21600 (replaced by B); B 21600-30000",
		},
		"an arrival more than six hours later proves nothing": {
			story{play("A", 0, 30000, at(5)), play("B", 0, 30000, at(6*3600+1))},
			"A 5-30000; B 0-5 (replaced by A)",
		},
	}.run(t)
}

func TestDerive_doubtfulStarts(t *testing.T) {
	stories{
		"five minutes ahead": {
			story{play("A", 0, 900), play("B", 301, 60, at(1))},
			"A 0-301; B 301-361",
		},
		"more than five minutes ahead": {
			story{play("A", 0, 900), play("B", 302, 60, at(1))},
			"A 0-900; B (doubtful start)",
		},
		"a person confirmed it": {
			story{play("A", 0, 900), play("B", 302, 60, at(1), startSet)},
			"A 0-302; B 302-362",
		},
	}.run(t)
}

func TestDerive_toldAgain(t *testing.T) {
	stories{
		"ends a fallback over it": {
			story{play("A", 0, 60, retold(20)), stopgap("F", 10, 30)},
			"A 0-10 20-60 (covered by fallback); F 10-20",
		},
		"ends its replacement": {
			story{play("A", 0, 60, retold(40)), play("B", 0, 60, at(25))},
			"A 0-25 40-60 (replaced by B); B 25-40 (replaced by A)",
		},
		"ends what came next": {
			story{play("A", 0, 60, retold(40)), play("B", 30, 60)},
			"A 0-30 40-60; B 30-40",
		},
		"not after its end": {
			story{play("A", 0, 60, retold(60)), play("B", 30, 60)},
			"A 0-30; B 30-90",
		},
		"not more than six hours later": {
			story{play("A", 0, 30000, retold(6*3600+1)), play("B", 30, 29970)},
			"A 0-30; B 30-30000",
		},
		"not after the end that is estimated": {
			story{play("A", 0, 0, at(2), retold(901)), play("B", 0, 2000, at(20))},
			"A 0-20 (replaced by B); B 20-2000",
		},
		"a fallback that had ended is audible again": {
			story{play("A", 0, 60), stopgap("F", 10, 30, retold(30)), says(false, 20)},
			"A 0-10 20-30 40-60 (covered by fallback); F 10-20 30-40",
		},
		"a fallback that sounds goes on": {
			story{play("A", 0, 60), stopgap("F", 10, 30, retold(20))},
			"A 0-10 40-60 (covered by fallback); F 10-40",
		},
	}.run(t)
}

func TestDerive_repetition(t *testing.T) {
	stories{
		"in a cross-fade": {
			story{play("A", 0, 60), play("A.2", 3, 60)},
			"A 0-63; A.2 (repetition of A)",
		},
		"until the end of the last, even if it is earlier": {
			story{play("A", 0, 60), play("A.2", 3, 20)},
			"A 0-23; A.2 (repetition of A)",
		},
		"at the end it is played again": {
			story{play("A", 0, 60), play("A.2", 60, 60)},
			"A 0-60; A.2 60-120",
		},
		"in the last ten seconds it is played again": {
			story{play("A", 0, 60), play("A.2", 50, 60)},
			"A 0-50; A.2 50-110",
		},
		"earlier it is a repetition": {
			story{play("A", 0, 60), play("A.2", 49, 60)},
			"A 0-109; A.2 (repetition of A)",
		},
		"in the last ten seconds, but for less than half of it": {
			story{play("A", 0, 60), play("A.2", 55, 60), play("B", 84, 60)},
			"A 0-84; A.2 (repetition of A); B 84-144",
		},
		"in the last ten seconds, for half of it": {
			story{play("A", 0, 60), play("A.2", 55, 60), play("B", 85, 60)},
			"A 0-55; A.2 55-85; B 85-145",
		},
		"in the last ten seconds, repeated itself": {
			story{play("A", 0, 60), play("A.2", 55, 60), play("A.3", 56, 60)},
			"A 0-55; A.2 55-116; A.3 (repetition of A.2)",
		},
		"of unknown end within five seconds": {
			story{play("A", 0, 0), play("A.2", 5, 60)},
			"A 0-65; A.2 (repetition of A)",
		},
		"of unknown end after five seconds": {
			story{play("A", 0, 0), play("A.2", 6, 60)},
			"A 0-6; A.2 6-66",
		},
		"a last one of unknown duration ends when the one before would have": {
			story{play("A", 0, 60), play("A.2", 20, 0)},
			"A 0-60; A.2 (repetition of A)",
		},
		"more than six hours later": {
			story{play("A", 0, 30000), play("A.2", 21601, 100)},
			"A 0-21601; A.2 21601-21701",
		},
		"a blank album equals any": {
			story{play("A", 0, 60, album("x")), play("A.2", 3, 60)},
			"A 0-63; A.2 (repetition of A)",
		},
		"of two albums": {
			story{play("A", 0, 60, album("x")), play("A.2", 3, 60, album("y"))},
			"A 0-3; A.2 3-63",
		},
		"blank, of one file in one timeslot": {
			story{play("A", 0, 60, blank(7, 8)), play("A.2", 3, 60, blank(7, 8))},
			"A 0-63; A.2 (repetition of A)",
		},
		"blank, of an unknown file": {
			story{play("A", 0, 60, blank(7, 0)), play("A.2", 3, 60, blank(7, 0))},
			"A 0-3; A.2 3-63",
		},
		"blank, in another timeslot": {
			story{play("A", 0, 60, blank(7, 8)), play("A.2", 3, 60, blank(9, 8))},
			"A 0-3; A.2 3-63",
		},
		"a fallback does not stand between": {
			story{play("A", 0, 60), stopgap("F", 10, 5), play("A.2", 20, 60)},
			"A 0-10 15-80 (covered by fallback); A.2 (repetition of A); F 10-15",
		},
		"a logged jingle does": {
			story{play("A", 0, 60), play("J", 10, 5), play("A.2", 15, 60)},
			"A 0-10; A.2 15-75; J 10-15",
		},
		"a void jingle does not": {
			story{play("A", 0, 60), play("J", 10, 5, voided), play("A.2", 15, 60)},
			"A 0-75; A.2 (repetition of A); J (void)",
		},
		"a void takes the repetitions along": {
			story{play("A", 0, 60, voided), play("A.2", 3, 60), play("A.3", 6, 60)},
			"A (void); A.2 (void); A.3 (void)",
		},
		"a void repetition does not take the play along": {
			story{play("A", 0, 60), play("A.2", 3, 70, voided)},
			"A 0-60; A.2 (void)",
		},
		"of a fallback that was audible": {
			story{stopgap("F", 0, 60), stopgap("F.2", 20, 60)},
			"F 0-80; F.2 (repetition of F)",
		},
		"of a fallback that had ended": {
			story{stopgap("F", 0, 60), play("A", 10, 5), stopgap("F.2", 20, 60)},
			"A 10-15; F 0-10; F.2 20-80",
		},
		"of a void fallback": {
			story{stopgap("F", 0, 60, voided), stopgap("F.2", 20, 60)},
			"F (void); F.2 (void)",
		},
	}.run(t)
}

func TestDerive_replaced(t *testing.T) {
	stories{
		"until the next one arrived": {
			story{play("A", 0, 60, at(0.03)), play("B", 0, 60, at(25.2))},
			"A 0-25.2 (replaced by B); B 25.2-60",
		},
		"twice": {
			story{play("A", 0, 60), play("B", 1, 60, at(20)), play("C", 0.5, 60, at(40))},
			"A 0-20 (replaced by B); B 20-40 (replaced by C); C 40-60.5",
		},
		"more than a second apart": {
			story{play("A", 0, 60), play("B", 1.5, 60, at(20))},
			"A 0-1.5; B 1.5-61.5",
		},
		"a jingle that had ended": {
			story{play("J", 0, 1), play("B", 1, 60, at(20))},
			"B 1-61; J 0-1",
		},
		"by what had ended when it arrived": {
			story{play("A", 0, 60), play("B", 0, 20, at(25))},
			"A 0-25 (replaced by B); B (replaced by A)",
		},
		"a late play is not replaced by its own repetition": {
			story{play("J", -5, 1), stopgap("F", 0, 60), play("A", 0, 60, at(15)), play("A.2", 15, 60, at(17))},
			"A 15-75 (covered by fallback); A.2 (repetition of A); F 0-15; J -5--4",
		},
		"in a burst of their own": {
			story{play("A", 0, 60, at(25)), play("B", 0, 60, at(25.1))},
			"A (replaced by B); B 0-60",
		},
		"in a burst with another": {
			story{play("A", 0, 60), play("B", 0, 60, at(25)), play("C", 60, 60, at(25.1))},
			"A 0-25 (replaced by B); B 25-60; C 60-120",
		},
		"of unknown arrival": {
			story{imported("A", 0, 60), imported("B", 0, 60)},
			"A (replaced by B); B 0-60",
		},
		"the winner counts as first": {
			story{imported("A", 0, 60), imported("B", 0, 60), play("C", 0, 60, at(5))},
			"A (replaced by B); B 0-5 (replaced by C); C 5-60",
		},
		"logged by hand it counts as last": {
			story{imported("A", 0, 60, logged), play("B", 0, 60, at(5))},
			"A 0-60; B (replaced by A)",
		},
		"with a start of a person it counts as last": {
			story{play("A", 0.5, 60, at(3), startSet), play("B", 0, 60, at(5)), imported("C", 0.2, 60)},
			"A 0.5-60.5; B (replaced by A); C (too short)",
		},
		"a repetition is replaced, too": {
			story{play("A", 0, 60), play("A.2", 30, 60), play("B", 30, 60, at(55))},
			"A 0-55 (replaced by B); A.2 (repetition of A); B 55-90",
		},
	}.run(t)
}

func TestDerive_fallback(t *testing.T) {
	stories{
		"until its own end": {
			story{play("A", 0, 60), stopgap("F", 10, 20)},
			"A 0-10 30-60 (covered by fallback); F 10-30",
		},
		"until the next play": {
			story{play("A", 0, 60), stopgap("F", 10, 80), play("B", 60, 20)},
			"A 0-10 (covered by fallback); B 60-80; F 10-60",
		},
		"at one instant the play wins": {
			story{play("A", 0, 60), stopgap("F", 60, 20), play("B", 60, 20)},
			"A 0-60; B 60-80; F (too short)",
		},
		"until the next fallback": {
			story{stopgap("F", 0, 60), stopgap("G", 20, 60)},
			"F 0-20; G 20-80",
		},
		"until a repetition of what it covers": {
			story{play("A", 0, 60), stopgap("F", 10, 40), play("A.2", 30, 60)},
			"A 0-10 30-90 (covered by fallback); A.2 (repetition of A); F 10-30",
		},
		"until health says false": {
			story{play("A", 0, 60), stopgap("F", 10, 40), says(true, 15), says(false, 25, 35)},
			"A 0-10 25-60 (covered by fallback); F 10-25",
		},
		"one false may have been on its way": {
			story{play("A", 0, 60), stopgap("F", 10, 40), says(false, 15), says(true, 25)},
			"A 0-10 50-60 (covered by fallback); F 10-50",
		},
		"a true behind its end proves nothing": {
			story{play("A", 0, 60), stopgap("F", 10, 10), says(false, 15), says(true, 25)},
			"A 0-10 15-60 (covered by fallback); F 10-15",
		},
		"a true behind the next play proves nothing": {
			story{play("A", 0, 20), stopgap("F", 10, 60), play("B", 20, 20), says(false, 15), says(true, 25)},
			"A 0-10 15-20 (covered by fallback); B 20-40; F 10-15",
		},
		"of two reports at one instant true counts": {
			story{play("A", 0, 60), stopgap("F", 10, 40), says(true, 25), says(false, 25)},
			"A 0-10 50-60 (covered by fallback); F 10-50",
		},
	}.run(t)
}

func TestDerive_late(t *testing.T) {
	stories{
		"behind a fallback": {
			story{stopgap("F", 0.4, 20), play("A", 0, 60, at(23))},
			"A 23-60 (covered by fallback); F 0.4-20.4",
		},
		"behind a fallback that was there before": {
			story{stopgap("F", -10, 20), play("A", 0, 60, at(23))},
			"A 23-60 (covered by fallback); F -10-10",
		},
		"a fallback that was over": {
			story{stopgap("F", -10, 10), play("A", 0, 60, at(23))},
			"A 0-60; F -10-0",
		},
		"a fallback that a play ended": {
			story{stopgap("F", -10, 60), play("J", -5, 5), play("A", 0, 60, at(23))},
			"A 0-60; F -10--5; J -5-0",
		},
		"health was in fallback": {
			story{play("A", 0, 60, at(23)), says(true, -60, 60)},
			"A 23-60 (covered by fallback)",
		},
		"health was in fallback, reports too far apart": {
			story{play("A", 0, 60, at(23)), says(true, -70, 60)},
			"A 0-60",
		},
		"health was out of fallback": {
			story{play("A", 0, 60, at(23)), says(true, -60), says(false, -1), says(true, 60)},
			"A 0-60",
		},
		"otherwise a late arrival proves nothing": {
			story{play("A", 0, 60, at(23))},
			"A 0-60",
		},
		"a second is in time": {
			story{stopgap("F", 0.4, 20), play("A", 0, 60, at(1))},
			"A 0-0.4 20.4-60 (covered by fallback); F 0.4-20.4",
		},
		"after its planned end": {
			story{stopgap("F", 5, 10), play("A", 0, 20, at(23))},
			"A 0-5 15-20 (covered by fallback); F 5-15",
		},
		"what replaced another has its time by that": {
			story{stopgap("F", 5, 10), play("A", 0, 60), play("B", 0, 60, at(23))},
			"A 0-5 15-23 (covered by fallback) (replaced by B); B 23-60; F 5-15",
		},
	}.run(t)
}

func TestDerive_notHeard(t *testing.T) {
	stories{
		"health said false before and after": {
			story{play("A", 0, 60), stopgap("F", 10.4, 20), says(false, 5, 15)},
			"A 0-60; F? (contradicted by health)",
		},
		"the report before was too old": {
			story{play("A", 0, 60), stopgap("F", 10.4, 20), says(false, -110, 15)},
			"A 0-10.4 15-60 (covered by fallback); F 10.4-15",
		},
		"the report before said true": {
			story{play("A", 0, 60), stopgap("F", 10.4, 20), says(true, 5), says(false, 15)},
			"A 0-10.4 15-60 (covered by fallback); F 10.4-15",
		},
		"the report after came behind its end": {
			story{play("A", 0, 60), stopgap("F", 10.4, 4), says(false, 5, 15)},
			"A 0-10.4 14.4-60 (covered by fallback); F 10.4-14.4",
		},
		"the report after came behind the next play": {
			story{play("A", 0, 14), stopgap("F", 10.4, 20), play("B", 14, 20), says(false, 5, 15)},
			"A 0-10.4 (covered by fallback); B 14-34; F 10.4-14",
		},
		"the next report said true": {
			story{play("A", 0, 60), stopgap("F", 10.4, 20), says(false, 5, 15), says(true, 25)},
			"A 0-10.4 30.4-60 (covered by fallback); F 10.4-30.4",
		},
		"a report at its own instant counts as before": {
			story{play("A", 0, 60), stopgap("F", 10, 20), says(false, 10, 15)},
			"A 0-60; F? (contradicted by health)",
		},
		"it makes nothing late": {
			story{says(false, -5, 5), stopgap("F", 1, 20), play("A", 0, 60, at(23))},
			"A 0-60; F? (contradicted by health)",
		},
		"a show of that name with a number is no fallback": {
			story{play("A", 0, 60), play("F", 10, 20, func(p *heard.Play) { p.ShowName = "Fallback" })},
			"A 0-10; F 10-30",
		},
	}.run(t)
}

func TestDerive_durations(t *testing.T) {
	stories{
		"until the next play":         {story{play("A", 0, 60), play("B", 50, 20)}, "A 0-50; B 50-70"},
		"the play before stays ended": {story{play("A", 0, 60), play("B", 10, 5)}, "A 0-10; B 10-15"},
		"a file of unknown duration":  {story{play("A", 0, 0)}, "A 0-900~"},
		"a line of unknown duration":  {story{play("A", 0, 0, live)}, "A 0-14400~"},
		"a stream of unknown duration": {
			story{play("A", 0, 0, stream), play("B", 10000, 10)},
			"A 0-10000; B 10000-10010",
		},
		"from when it became audible": {
			story{stopgap("F", 1, 30), play("A", 0, 0, at(23))},
			"A 23-923~ (covered by fallback); F 1-23",
		},
		"a fallback of unknown duration": {story{stopgap("F", 0, 0)}, "F 0-900~"},
	}.run(t)
}

func TestDerive_tooShort(t *testing.T) {
	stories{
		"because the next play began": {
			story{play("A", 0, 60), play("B", 10, 60), play("C", 10.9, 20, at(12))},
			"A 0-10; B 10-12 (replaced by C); C 12-30.9",
		},
		"the play before goes on": {
			story{play("A", 0, 60), play("B", 10, 60), play("C", 10.9, 20)},
			"A 0-10.9; B (too short); C 10.9-30.9",
		},
		"a jingle of half a second": {
			story{play("A", 0, 10), play("J", 10, 0.5), play("B", 10.5, 20)},
			"A 0-10; B 10.5-30.5; J 10-10.5",
		},
		"in all": {
			story{play("A", 0, 60, retold(20)), stopgap("F", 0.9, 30), play("B", 30, 20)},
			"A 0-0.9 20-30 (covered by fallback); B 30-50; F 0.9-20",
		},
		"a fallback": {
			story{play("A", 0, 60), stopgap("F", 59.5, 30), play("B", 60, 20)},
			"A 0-60; B 60-80; F (too short)",
		},
		"a fallback that health ended was heard": {
			story{play("A", 0, 60), stopgap("F", 10, 30), says(false, 10.5)},
			"A 0-10 10.5-60 (covered by fallback); F 10-10.5",
		},
		"two at once": {
			story{play("A", 0, 60), play("B", 10, 60), play("C", 10.5, 60), play("D", 11.3, 60)},
			"A 0-11.3; B (too short); C (too short); D 11.3-71.3",
		},
		"a fallback that it ended stays ended": {
			story{play("A", 0, 60), stopgap("F", 5, 30), play("B", 10, 60), play("C", 10.5, 10)},
			"A 0-5 10-10.5 (covered by fallback); B (too short); C 10.5-20.5; F 5-10",
		},
	}.run(t)
}
