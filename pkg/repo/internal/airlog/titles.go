package airlog

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
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
	entries map[int64]bool         // to be looked at; true if what is wrong of them is a difference
	plays   map[titles.Key]*change // of which titles plays began or ended
	days    map[string]bool        // see mark
	added   map[time.Time]bool     // when segments begin that were not there before
}

// change is what changes of a title.
type change struct {
	plays   int64     // how many more
	text    string    // what is searched; "" if no play was added
	at      time.Time // when the first of these was
	isFewer bool      // plays were taken away
}

// take notes that a play was taken away.
func (c *change) take() { c.plays, c.isFewer = c.plays-1, true }

// put notes that a play was added.
func (c *change) put(artist, title string, at time.Time) {
	if c.plays++; c.text == "" {
		c.text, c.at = titles.Text(artist, title), at
	} else if at.Before(c.at) {
		c.at = at
	}
}

func newTitles(tx *sqldb.Tx, r rows) *Titles {
	return &Titles{tx: tx, rows: r, entries: make(map[int64]bool), plays: make(map[titles.Key]*change), days: make(map[string]bool), added: make(map[time.Time]bool)}
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
// these as rows. kept are the rows from which they are taken.
func (t *Titles) follow(kept []row, remove, add []onair.Segment) []row {
	named := make(map[time.Time]row, len(kept))
	for _, r := range kept {
		named[r.From] = r
	}
	rows := make([]row, len(add))
	for i, s := range add {
		rows[i].Segment = s
		if before, ok := named[s.From]; ok && before.Entry == s.Entry { // only its end changes
			rows[i].title = before.title
			delete(named, s.From)
			continue
		}
		t.entries[s.Entry], t.added[s.From] = false, true
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
func (t *Titles) rename(ctx context.Context, changes *onair.Changes) error {
	var ids []model.Fingerprint
	for _, p := range changes.Plays {
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
func (t *Titles) areMany() bool { return len(t.entries) >= 2*t.rows.page }

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
			before, right = s.Entry, titles.ID(s.artist, s.name)
		}
		if right == s.title {
			continue
		}
		t.of(s.title).take()
		t.of(right).put(s.artist, s.name, s.From)
		if !t.added[s.From] {
			t.mark(s.From)
		}
		s.title = right
		wrong = append(wrong, s.row)
	}
	return wrong, nil
}

// airedColumns are rowColumns of the log in a query that has playlog, too.
var airedColumns = "aired." + strings.ReplaceAll(rowColumns, ", ", ", aired.")

// named is a row with what its entry names.
type named struct {
	row
	artist, name string
}

func scanNamed(from *sql.Rows) (n named, err error) {
	var e model.Entry
	var overlay sql.NullString
	if n.row, err = scanRow(from, &e.Artist, &e.Title, &overlay); err != nil {
		return n, err
	}
	if overlay.Valid {
		if err := json.Unmarshal([]byte(overlay.String), &e.Overlay); err != nil {
			return n, fmt.Errorf("overlay of entry %d: %w", n.Entry, err)
		}
	}
	e = e.Effective()
	n.artist, n.name = e.Artist, e.Title
	return n, nil
}

// countChanged brings what is known of titles up to date with their changes.
func (t *Titles) countChanged(ctx context.Context) error {
	added, moved, err := t.add(ctx)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(t.plays)), sqldb.MaxList) {
		var more strings.Builder
		more.WriteString("plays + CASE id")
		for _, k := range part {
			more.WriteString(" WHEN " + literal(k) + " THEN " + strconv.FormatInt(t.plays[k].plays, 10))
		}
		if err := t.update(ctx, more.String()+" END", part); err != nil {
			return err
		}
		t.tx.GoesOn()
	}
	if err := t.unlist(ctx, moved); err != nil {
		return err
	}
	return t.list(ctx, append(added, moved...))
}

// add adds the titles that are not listed, without any plays, and with their words. It
// returns these, and those that may have been played first at another time than is
// listed.
func (t *Titles) add(ctx context.Context) (added, moved []titles.Key, err error) {
	delete(t.plays, 0)
	keys := slices.Sorted(maps.Keys(t.plays))
	firsts, err := t.firsts(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range keys {
		c := t.plays[k]
		first, isListed := firsts[k]
		switch {
		case !isListed && c.text != "":
			added = append(added, k)
		case isListed && (c.isFewer || c.text != "" && c.at.Before(first)):
			moved = append(moved, k)
		}
	}
	err = t.rows.InParts(ctx, len(added), t.rows.Dialect.RowsPerStatement(), func(n int) string {
		return "INSERT INTO " + t.rows.table.Titles + " (id, folded, plays, first_at, last_at) VALUES (?, ?, 0, ?, ?)" +
			strings.Repeat(", (?, ?, 0, ?, ?)", n-1) + t.rows.Dialect.InsertMissing("id")
	}, func(i int, to []any) []any {
		c := t.plays[added[i]]
		return append(to, int64(added[i]), c.text, sqldb.At(c.at), sqldb.At(c.at))
	})
	if err != nil {
		return nil, nil, err
	}
	texts := make([]titleText, len(added))
	for i, k := range added {
		texts[i] = titleText{k, t.plays[k].text}
	}
	return added, moved, t.addWords(ctx, texts)
}

// firsts are when titles were played first, of those that are listed: their words are
// known.
func (t *Titles) firsts(ctx context.Context, keys []titles.Key) (map[titles.Key]time.Time, error) {
	firsts := make(map[titles.Key]time.Time, len(keys))
	for part := range slices.Chunk(keys, sqldb.MaxList) {
		listed, err := sqldb.Select(ctx, t.rows.Conn, scanFirst, "SELECT title_id, first_at FROM title_first WHERE "+t.inLog()+" AND "+inKeys("title_id", part))
		if err != nil {
			return nil, err
		}
		for _, f := range listed {
			firsts[f.title] = f.at
		}
	}
	return firsts, nil
}

// first is when a title was played first.
type first struct {
	title titles.Key
	at    time.Time
}

func scanFirst(from *sql.Rows) (f first, err error) {
	var title int64
	err = from.Scan(&title, (*sqldb.Moment)(&f.at))
	f.title = titles.Key(title)
	return f, err
}

// inLog is the condition for the rows of the log in table title_first.
func (t *Titles) inLog() string { return "log = " + strconv.Itoa(t.rows.table.Number) }

// titleText is what is searched of a title.
type titleText struct {
	title titles.Key
	text  string
}

func scanText(from *sql.Rows) (s titleText, err error) {
	var title int64
	err = from.Scan(&title, &s.text)
	s.title = titles.Key(title)
	return s, err
}

// addWords has titles found by their words.
func (t *Titles) addWords(ctx context.Context, texts []titleText) error {
	var words []titleText
	for _, s := range texts {
		for _, word := range titles.Beginnings(s.text) {
			words = append(words, titleText{s.title, word})
		}
	}
	slices.SortFunc(words, func(a, b titleText) int { return strings.Compare(a.text, b.text) }) // near one another in the table
	return t.rows.InParts(ctx, len(words), t.rows.Dialect.RowsPerStatement(), func(n int) string {
		return "INSERT INTO title_word (word, title_id) VALUES (?, ?)" + strings.Repeat(", (?, ?)", n-1) + t.rows.Dialect.InsertMissing("word")
	}, func(i int, to []any) []any { return append(to, words[i].text, int64(words[i].title)) })
}

// unlist takes titles out of the list of when they were played first.
func (t *Titles) unlist(ctx context.Context, keys []titles.Key) error {
	for part := range slices.Chunk(keys, sqldb.MaxList) {
		if _, err := t.rows.Exec(ctx, "DELETE FROM title_first WHERE "+t.inLog()+" AND "+inKeys("title_id", part)); err != nil {
			return err
		}
	}
	return nil
}

// list lists when titles were played first that are not listed. Those that are not
// played any more are left out.
func (t *Titles) list(ctx context.Context, keys []titles.Key) error {
	for part := range slices.Chunk(keys, sqldb.MaxList) {
		_, err := t.rows.Exec(ctx, "INSERT INTO title_first (log, title_id, first_at) SELECT "+strconv.Itoa(t.rows.table.Number)+", id, first_at FROM "+
			t.rows.table.Titles+" WHERE plays > 0 AND "+inKeys("id", part))
		if err != nil {
			return err
		}
		t.tx.GoesOn()
	}
	return nil
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

func literal(k titles.Key) string { return strconv.FormatInt(int64(k), 10) }
