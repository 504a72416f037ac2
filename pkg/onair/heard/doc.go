// Package heard derives what was heard of one source from what was said of it:
// from its plays, when they arrived and were told again, and from what its
// health said of fallback.
//
// An engine sends a plan. It repeats itself, arrives late, and never says that
// something ended. So what is said is not what is heard. Derive promises that
// the result is a function of what was said alone: the order of plays and
// reports does not matter. It knows neither a clock nor a database.
//
// All intervals are half-open. The steps below are taken in their order, each in
// a file of its own.
//
// # Arrivals
//
// An arrival is known only of plays that an engine sent itself. It is not known
// of imports, of plays that a person logged, and of plays whose start a person
// gave, moved or confirmed. An arrival more than six hours after the start is as
// if it were unknown, and a telling so late does not count.
//
// Plays of which each arrives less than a second after the one before are a
// burst, if one of them that is no fallback arrived more than a second after its
// start. A queue has waited, so nothing follows from these arrivals. A fallback
// behind the last play of its burst does not count for it. It was not heard if
// that play was late, unless health says true after its start and before its own
// end. Void plays, what goes along with them, and plays with doubtful starts are
// in no burst. Tellings are no arrivals.
//
// Plays stand in the order of their starts. Those of one start stand in the
// order of arrival, first those of unknown arrival, then of fingerprints.
//
// # 1. Doubtful starts
//
// A play that starts more than five minutes ahead of its arrival is out, until a
// person confirms its start or moves it.
//
// # 2. Told again
//
// The store merges what was told (model.Tell), so of each field the last told
// value counts. From each time in Play.Again on the play sounds again, if its
// end is not over. That ends a fallback over it, what replaced it, and what came
// after it. A fallback that had ended is audible again. A telling while it is
// audible changes nothing.
//
// # 3. Repetitions
//
// Two plays with no other between are one, from the first start until the end of
// the last, if they name the same artist and title, and if the second begins
// before the planned end of the first. If that end is unknown, it begins within
// five seconds. It never begins more than six hours later. A blank album equals
// any. If artist and title are blank, show, timeslot and media are equal and
// known. A fallback stands not between plays of the programme, a jingle does.
//
//   - A play that begins in the last ten seconds of the one before, and then
//     sounds for at least half of its planned duration, is played a second time.
//     It sounds by the starts alone: until the end of its own repetitions, or
//     until the next play.
//   - A last one of unknown duration ends when the one before would have. That is
//     no planned end of its own: the next must begin within five seconds of it.
//   - What repeats a void play is void, too; also if the void one is itself a
//     repetition. So are those after it.
//   - A fallback repeats the one before only if that was audible until then. A
//     void fallback takes along what would repeat it if it were not void.
//
// # 4. Replaced
//
// Plays that start at most a second after the one before share a slot, unless
// one of them has ended, as planned, by then. Repetitions are among them,
// because a slot may begin with the title of the slot before. In the order of
// arrival each is audible until the next one arrived, and that one from its
// arrival, but not before its start.
//
//   - Those of unknown arrival come first, by their starts, and from their
//     starts. So do those that arrived in a burst among the plays of the slot.
//   - What a person logged, or gave a start, comes last, from its start.
//   - A play that is not audible before a later one of this order is, is lost.
//   - A play that has ended, as planned, when it arrives, ends what sounds in its
//     slot. Then nothing sounds.
//
// # 5. Fallback lies over the programme
//
// A fallback is audible from its start until the first of: its own end; the
// next play, repetition, telling or other fallback that becomes audible; the
// first report of false after its start. A false does not count if the next
// report says true before the fallback's own end, and before the next play or
// fallback. At one instant the play wins. Then what it covered goes on until its
// planned end.
//
//   - Late: a play that arrives more than a second after its start, before its
//     title's planned end and in no burst, is audible from its arrival. That
//     holds if at any time from its start to its arrival, both included, a
//     fallback arrived, or one would be audible without this play, or health was
//     in fallback. Of a slot only the first can be late. The plays are decided in
//     order; those that are not decided yet are taken as late. Otherwise a late
//     arrival proves nothing. An unknown end is after any arrival.
//   - A state of health lasts from its first report to its last, if they are at
//     most two minutes apart. Of two reports at one instant true counts.
//   - Not heard: a fallback in a burst; and one whose last report up to its start
//     (at most two minutes old) and first report after it say false. The latter
//     is before its own end and before the next play becomes audible, as if every
//     fallback in no burst were heard. A true in the report after that, before
//     its own end, saves it. A fallback that was not heard bears a doubt, and
//     makes nothing late.
//
// # 6. Durations
//
// A play is audible until the next play of the programme is, and until its
// planned end. What it cut does not come back. A play of unknown duration lasts
// at most Config.LongestFile from when it became audible, a line or stream
// Config.LongestLive. Its last interval is estimated if it ends by that.
//
// # 7. Too short
//
// What is audible for less than a second in all, and was cut by something else
// that began, is no play. A repetition of its own is nothing else. All such go
// at once. The programme goes on as if they had not been, but what rules 3 to 5
// decided stays: a fallback that such a play ended stays ended. Going takes time
// from nobody, so once is enough.
//
// # Windows
//
// Cuts finds where a history may be cut, so that a part of it can be derived
// alone. As a rule that is at each play of the programme that is audible from its
// start: it ends whatever was before. Plays that end before the next begins are
// cuts however short they are. There is no cut where something that began
// earlier is repeated, is told again, starts within a second, or arrives later
// and may have been late; or where plays of both sides waited in one queue. What
// a window needs of health is its Evidence.
package heard
