package airlog

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/titles"
)

// Titles keeps which title each play of a log is of, and what is known of each
// title, within a transaction. A play begins with the first segment of its entry, so
// only that segment names its title.
type Titles struct {
	tx      *sqldb.Tx
	rows    rows
	changes *onair.Changes         // what is followed; nil if that is not known
	entries map[int64]bool         // to be looked at; true if what is wrong of them is a difference
	seen    map[int64]bool         // entries of which segments were in the log or put into it
	plays   map[titles.Key]*change // of which titles plays began or ended
	days    map[string]bool        // see mark
	added   map[time.Time]bool     // when segments begin that were not there before
}

// change is what changes of a title.
type change struct {
	plays       int64     // how many more
	added       name      // of a play that was added
	first, last time.Time // when plays were added; zero if none was
	isFewer     bool      // plays were taken away
}

// take notes that a play was taken away.
func (c *change) take() { c.plays, c.isFewer = c.plays-1, true }

// put notes that a play was added.
func (c *change) put(n name, at time.Time) {
	c.plays, c.added = c.plays+1, n
	if c.first.IsZero() || at.Before(c.first) {
		c.first = at
	}
	if at.After(c.last) {
		c.last = at
	}
}

// name is what a play is called, with its corrections applied.
type name struct{ artist, title string }

func newTitles(tx *sqldb.Tx, r rows) *Titles {
	return &Titles{
		tx: tx, rows: r, entries: make(map[int64]bool), seen: make(map[int64]bool), plays: make(map[titles.Key]*change),
		days: make(map[string]bool), added: make(map[time.Time]bool),
	}
}

// touch notes that segments are to be looked at.
func (t *Titles) touch(segments []onair.Segment) {
	for _, s := range segments {
		if _, known := t.entries[s.Entry]; !known {
			t.entries[s.Entry] = true
		}
	}
}

// follow notes that segments are taken out of the log and others put in, and returns
// these as rows. kept are the rows from which they are taken, names what the entries
// of the others are called.
func (t *Titles) follow(kept []row, remove, add []onair.Segment, names map[int64]name) []row {
	named := make(map[time.Time]row, len(kept))
	for _, r := range kept {
		named[r.From] = r
		t.seen[r.Entry] = true
	}
	rows := make([]row, len(add))
	for i, s := range add {
		rows[i].Segment = s
		if before, ok := named[s.From]; ok && before.Entry == s.Entry { // only its end changes
			rows[i].title = before.title
			delete(named, s.From)
			continue
		}
		rows[i].title = t.begin(s, names)
		t.added[s.From] = true
	}
	for _, s := range remove {
		if before, ok := named[s.From]; ok {
			t.entries[s.Entry] = false
			t.of(before.title).take()
			t.mark(s.From)
		}
	}
	return rows
}

// begin is the title that a segment names which is put into the log. It is certainly
// right if nothing of its entry can have been there. Otherwise the entry is looked at
// when all of its segments are in the log.
func (t *Titles) begin(s onair.Segment, names map[int64]name) titles.Key {
	n, isNamed := names[s.Entry]
	if t.seen[s.Entry] || !isNamed || t.changes == nil || !t.changes.IsNew(s.Fingerprint) {
		t.entries[s.Entry] = false
	}
	if t.seen[s.Entry] || !isNamed {
		return 0
	}
	t.seen[s.Entry] = true
	right := titles.ID(n.artist, n.title)
	t.of(right).put(n, s.From)
	return right
}

// of is the change of a title.
func (t *Titles) of(k titles.Key) *change {
	c, ok := t.plays[k]
	if !ok {
		c = &change{}
		t.plays[k] = c
	}
	return c
}

// rename notes which entries may name another title than before.
func (t *Titles) rename(ctx context.Context) error {
	var ids []model.Fingerprint
	for _, p := range t.changes.Plays {
		if p.Was != nil {
			ids = append(ids, p.ID)
		}
	}
	for part := range slices.Chunk(ids, sqldb.MaxList) {
		entries, err := sqldb.Select(ctx, t.rows.Conn, scanNumber, "SELECT id FROM playlog WHERE "+sqldb.In("fingerprint", part))
		if err != nil {
			return err
		}
		for _, e := range entries {
			t.entries[e] = true
		}
	}
	return nil
}

func scanNumber(from *sql.Rows) (n int64, err error) {
	err = from.Scan(&n)
	return n, err
}

// areMany reports whether so much was noted that it is to be settled before more is.
// What is noted of an entry later settles it again.
func (t *Titles) areMany() bool { return max(len(t.entries), len(t.plays)) >= 2*t.rows.page }

// settle has the right segments name the right titles, and counts the plays of these.
// It returns how many segments were wrong that stood in the log before. A dry run
// changes nothing.
func (t *Titles) settle(ctx context.Context, dryRun bool) (wrong int, err error) {
	wrong, err = t.nameAll(ctx, dryRun)
	if err == nil && !dryRun {
		err = t.countChanged(ctx)
	}
	clear(t.plays)
	return wrong, err
}

// nameAll has the first segment of each entry that was noted name its title.
func (t *Titles) nameAll(ctx context.Context, dryRun bool) (wrong int, err error) {
	for part := range slices.Chunk(slices.Sorted(maps.Keys(t.entries)), sqldb.MaxList) {
		rows, err := t.misnamed(ctx, part)
		if err == nil && !dryRun {
			err = t.rows.store(ctx, rows)
		}
		if err != nil {
			return wrong, err
		}
		for _, r := range rows {
			if t.entries[r.Entry] {
				wrong++
			}
		}
		t.tx.GoesOn()
	}
	clear(t.entries)
	clear(t.added)
	if dryRun {
		clear(t.days)
	}
	return wrong, t.unmark(ctx)
}

// misnamed are the rows of entries that name another title than they should, as they
// should be. LEFT JOIN has both databases begin with the log.
func (t *Titles) misnamed(ctx context.Context, entries []int64) (wrong []row, err error) {
	segments, err := sqldb.Select(ctx, t.rows.Conn, scanNamed, "SELECT "+airedColumns+", COALESCE(track_artist, ''), COALESCE(track_title, ''), overlay FROM "+
		t.rows.table.Segments+" aired LEFT JOIN playlog ON playlog.id = aired.entry_id WHERE "+sqldb.InNumbers("aired.entry_id", entries)+" ORDER BY aired.entry_id, aired.from_at")
	if err != nil {
		return nil, err
	}
	before := int64(0)
	for _, s := range segments {
		var right titles.Key
		if s.Entry != before { // it is the first
			before, right = s.Entry, titles.ID(s.artist, s.name.title)
		}
		if right == s.row.title {
			continue
		}
		t.of(s.row.title).take()
		t.of(right).put(s.name, s.From)
		if !t.added[s.From] {
			t.mark(s.From)
		}
		s.row.title = right
		wrong = append(wrong, s.row)
	}
	return wrong, nil
}

// airedColumns are rowColumns of the log in a query that has playlog, too.
var airedColumns = "aired." + strings.ReplaceAll(rowColumns, ", ", ", aired.")

// named is a row with what its entry names.
type named struct {
	row
	name
}

func scanNamed(from *sql.Rows) (n named, err error) {
	var e model.Entry
	var overlay sql.NullString
	if n.row, err = scanRow(from, &e.Artist, &e.Title, &overlay); err != nil {
		return n, err
	}
	err = shown(&e, n.Entry, overlay)
	n.name = name{e.Artist, e.Title}
	return n, err
}

// title is what is known of a title.
type title struct {
	key         titles.Key
	text        string // what is searched
	plays       int64
	first, last time.Time
}

const (
	titleColumns = "id, folded, plays, first_at, last_at"
	titleValues  = "(?, ?, ?, ?, ?)"
)

func scanKnown(from *sql.Rows) (one title, err error) {
	var key int64
	err = from.Scan(&key, &one.text, &one.plays, (*sqldb.Moment)(&one.first), (*sqldb.Moment)(&one.last))
	one.key = titles.Key(key)
	return one, err
}

// after is what is known of a title after a change. If plays were taken away, it is not
// known when the first and the last one was.
func (one title) after(c *change) title {
	if !c.first.IsZero() && (one.plays <= 0 || c.first.Before(one.first)) {
		one.first = c.first
	}
	if !c.first.IsZero() && (one.plays <= 0 || c.last.After(one.last)) {
		one.last = c.last
	}
	one.plays += c.plays
	return one
}

// countChanged brings what is known of titles up to date with their changes. New
// titles are found by their words from now on.
func (t *Titles) countChanged(ctx context.Context) error {
	delete(t.plays, 0)
	keys := slices.Sorted(maps.Keys(t.plays))
	known, err := t.known(ctx, keys)
	if err != nil {
		return err
	}
	var changed, added []title
	var fewer []titles.Key
	for _, k := range keys {
		c := t.plays[k]
		was, isKnown := known[k]
		if !isKnown && (c.plays <= 0 || c.first.IsZero()) { // nothing remains of it
			continue
		}
		if !isKnown {
			was = title{key: k, text: titles.Text(c.added.artist, c.added.title)}
		}
		is := was.after(c)
		if !isKnown {
			added = append(added, is)
		}
		if is != was {
			changed = append(changed, is)
		}
		if c.isFewer {
			fewer = append(fewer, k)
		}
	}
	if err := t.store(ctx, changed); err != nil {
		return err
	}
	if err := t.addWords(ctx, added); err != nil {
		return err
	}
	for part := range slices.Chunk(fewer, sqldb.MaxList) {
		if err := t.update(ctx, "plays", part); err != nil {
			return err
		}
		t.tx.GoesOn()
	}
	return nil
}

// known is what is known of titles, as far as they are.
func (t *Titles) known(ctx context.Context, keys []titles.Key) (map[titles.Key]title, error) {
	known := make(map[titles.Key]title, len(keys))
	for part := range slices.Chunk(keys, sqldb.MaxList) {
		some, err := sqldb.Select(ctx, t.rows.Conn, scanKnown, "SELECT "+titleColumns+" FROM "+t.rows.table.Titles+" WHERE "+inKeys("id", part))
		if err != nil {
			return nil, err
		}
		for _, one := range some {
			known[one.key] = one
		}
	}
	return known, nil
}

// store notes what is known of titles.
func (t *Titles) store(ctx context.Context, all []title) error {
	return t.rows.InParts(ctx, len(all), t.rows.Dialect.RowsPerStatement(), func(n int) string {
		return "INSERT INTO " + t.rows.table.Titles + " (" + titleColumns + ") VALUES " + titleValues + strings.Repeat(", "+titleValues, n-1) +
			t.rows.Dialect.InsertOver("id", "plays", "first_at", "last_at")
	}, func(i int, to []any) []any {
		one := &all[i]
		return append(to, int64(one.key), one.text, one.plays, sqldb.At(one.first), sqldb.At(one.last))
	})
}

// word is where a searched word may begin in a title.
type word struct {
	text  string
	title titles.Key
}

// addWords has titles found by their words.
func (t *Titles) addWords(ctx context.Context, of []title) error {
	var words []word
	for _, one := range of {
		for _, text := range titles.Beginnings(one.text) {
			words = append(words, word{text, one.key})
		}
	}
	slices.SortFunc(words, func(a, b word) int { // as in the table
		return cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(int64(a.title), int64(b.title)))
	})
	return t.rows.InParts(ctx, len(words), t.rows.Dialect.RowsPerStatement(), func(n int) string {
		return "INSERT INTO title_word (word, title_id) VALUES (?, ?)" + strings.Repeat(", (?, ?)", n-1) + t.rows.Dialect.InsertMissing("word")
	}, func(i int, to []any) []any { return append(to, words[i].text, int64(words[i].title)) })
}

// update notes when titles were played first and last, and how often.
func (t *Titles) update(ctx context.Context, plays string, keys []titles.Key) error {
	_, err := t.rows.Exec(ctx, "UPDATE "+t.rows.table.Titles+" SET plays = "+plays+", first_at = COALESCE("+t.bound("")+", first_at), last_at = COALESCE("+
		t.bound(" DESC")+", last_at) WHERE "+inKeys("id", keys))
	return err
}

// bound is the expression for when a title was played first, or with DESC last.
func (t *Titles) bound(direction string) string {
	return "(SELECT from_at " + t.ofTitle() + " ORDER BY from_at" + direction + " LIMIT 1)"
}

// ofTitle is the end of a query for the plays of a title.
func (t *Titles) ofTitle() string {
	log := t.rows.table
	return "FROM " + log.Segments + " WHERE title_id = " + log.Titles + ".id"
}

func inKeys(column string, keys []titles.Key) string {
	numbers := make([]int64, len(keys))
	for i, k := range keys {
		numbers[i] = int64(k)
	}
	return sqldb.InNumbers(column, numbers)
}
