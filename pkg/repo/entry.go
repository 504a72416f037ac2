package repo

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
)

// entryRow is an entry as table playlog keeps it.
type entryRow struct {
	ID            int64 `gorm:"primaryKey"`
	Fingerprint   dbUID
	LogSource     int
	TrackStart    dbTime
	TrackArtist   string
	TrackAlbum    string
	TrackTitle    string
	TrackNum      int
	TrackType     int
	DurationMS    int64 `gorm:"column:duration_ms"`
	PlaylistID    int64
	TimeslotID    int64
	ShowID        int64
	ShowName      string
	TrackComposer string
	TrackLabel    string
	TrackISRC     string `gorm:"column:track_isrc"`
	IsManual      bool
	IsSynced      bool
	PlayedAt      dbTime
	IsVoid        bool
	Overlay       sql.NullString
	Content       dbContent
}

// TableName implements gorm's schema.Tabler.
func (entryRow) TableName() string { return "playlog" }

// newEntryRow makes the row of an entry without corrections.
func newEntryRow(e model.Entry) entryRow {
	record := model.Record{Entry: e}
	return entryRowOf(e, e.Fingerprint(), record.Content())
}

// entryRowOf makes the row of an entry, but for what follows from corrections.
func entryRowOf(e model.Entry, id, content model.Fingerprint) entryRow {
	return entryRow{
		Fingerprint:   dbUID(id),
		LogSource:     e.LogSource,
		TrackStart:    dbTime{e.TrackStart},
		TrackArtist:   e.Artist,
		TrackAlbum:    e.Album,
		TrackTitle:    e.Title,
		TrackNum:      e.TrackNum,
		TrackType:     e.TrackType,
		DurationMS:    e.Duration.Milliseconds(),
		PlaylistID:    e.PlaylistID,
		TimeslotID:    e.TimeslotID,
		ShowID:        e.ShowID,
		ShowName:      e.ShowName,
		TrackComposer: e.Composer,
		TrackLabel:    e.Label,
		TrackISRC:     e.ISRC,
		IsManual:      e.Manual,
		IsSynced:      e.Synced,
		PlayedAt:      dbTime{e.PlayedAt()},
		Content:       dbContent{id: content, known: true},
	}
}

func (r *entryRow) entry() (model.Entry, error) {
	e := model.Entry{
		ID:         r.ID,
		LogSource:  r.LogSource,
		TrackStart: r.TrackStart.Time,
		Artist:     r.TrackArtist,
		Album:      r.TrackAlbum,
		Title:      r.TrackTitle,
		TrackNum:   r.TrackNum,
		TrackType:  r.TrackType,
		Duration:   time.Duration(r.DurationMS) * time.Millisecond,
		PlaylistID: r.PlaylistID,
		TimeslotID: r.TimeslotID,
		ShowID:     r.ShowID,
		ShowName:   r.ShowName,
		Composer:   r.TrackComposer,
		Label:      r.TrackLabel,
		ISRC:       r.TrackISRC,
		Manual:     r.IsManual,
		Synced:     r.IsSynced,
	}
	if r.Overlay.Valid {
		if err := json.Unmarshal([]byte(r.Overlay.String), &e.Overlay); err != nil {
			return model.Entry{}, fmt.Errorf("overlay of entry %d: %w", r.ID, err)
		}
	}
	return e, nil
}

// HasEntry reports whether an entry of that identity is stored.
func (db *DB) HasEntry(ctx context.Context, id model.Fingerprint) (bool, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	var found []int64
	err := db.read.WithContext(ctx).Model(&entryRow{}).Where("fingerprint = ?", dbUID(id)).Limit(1).Pluck("id", &found).Error
	return len(found) > 0, db.fail(ctx, "look for entry", err)
}

// Entry returns the entry with that number, raw, with its overlay. Error:
// model.ErrNotFound.
func (db *DB) Entry(ctx context.Context, id int64) (model.Entry, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	e, err := takeEntry[entryRow](db.read.WithContext(ctx).Where("id = ?", id))
	return e, db.fail(ctx, "read entry", err)
}

// The columns that StoreEntry writes, and how two copies of an entry merge.
// All else is the entry's identity or belongs to its corrections.
var (
	storedColumns = []string{
		"log_source", "fingerprint", "track_start", "track_artist", "track_album", "track_title", "track_num", "track_type",
		"duration_ms", "playlist_id", "timeslot_id", "show_id", "show_name", "track_composer", "track_label", "track_isrc",
		"is_manual", "is_synced", "played_at", "content",
	}
	mergedNumbers = []string{"duration_ms", "playlist_id", "timeslot_id", "show_id"}
	mergedTexts   = []string{"show_name", "track_composer", "track_label", "track_isrc"}
)

// stored are the values of storedColumns.
func (r *entryRow) stored(to []any) []any {
	return append(to,
		r.LogSource, r.Fingerprint, r.TrackStart, r.TrackArtist, r.TrackAlbum, r.TrackTitle, r.TrackNum, r.TrackType,
		r.DurationMS, r.PlaylistID, r.TimeslotID, r.ShowID, r.ShowName, r.TrackComposer, r.TrackLabel, r.TrackISRC,
		r.IsManual, r.IsSynced, r.PlayedAt, r.Content,
	)
}

// insertNew stores one entry, and fails where there is a copy.
var (
	oneRow    = "(?" + strings.Repeat(", ?", len(storedColumns)-1) + ")"
	insertNew = "INSERT INTO playlog (" + strings.Join(storedColumns, ", ") + ") VALUES " + oneRow
)

// The databases' words: how a conflict is caught, what the incoming value of a
// column is, and how a text is compared byte by byte. MariaDB's collations take
// letters with and without accents for equal, and ignore trailing blanks.
var (
	sqliteMerge = newMerge("ON CONFLICT (fingerprint) DO UPDATE SET", "excluded.%s", "%s")
	mysqlMerge  = newMerge("ON DUPLICATE KEY UPDATE", "VALUES(%s)", "CAST(%s AS BINARY)")
)

// upsert stores entries, merging each with the copy that is there.
func upsert(rows int, merge string) string {
	return insertNew + strings.Repeat(", "+oneRow, rows-1) + merge
}

// newMerge writes model.Merge in SQL. Each expression is commutative, so the
// order of statements does not matter. is_synced and content come first because
// MariaDB assigns from left to right, and they look at what the others are about
// to change. No database can compute the content, so it becomes unknown.
func newMerge(onConflict, incoming, bytes string) string {
	in := func(column string) string { return fmt.Sprintf(incoming, column) }
	greater := func(column, form string) string {
		return fmt.Sprintf(form, in(column)) + " > " + fmt.Sprintf(form, column)
	}
	var unchanged []string
	var set []string
	merge := func(column, isGreater string) {
		unchanged = append(unchanged, "NOT "+isGreater)
		set = append(set, fmt.Sprintf("%s = CASE WHEN %s THEN %s ELSE %s END", column, isGreater, in(column), column))
	}
	for _, column := range mergedNumbers {
		merge(column, greater(column, "%s"))
	}
	for _, column := range mergedTexts {
		merge(column, greater(column, bytes))
	}
	unchanged = append(unchanged, "is_manual <= "+in("is_manual"))
	isUnchanged := strings.Join(unchanged, " AND ")
	set = append([]string{
		"is_synced = is_synced AND " + isUnchanged,
		"content = CASE WHEN " + isUnchanged + " THEN content END",
	}, set...)
	set = append(set, "is_manual = is_manual AND "+in("is_manual"))
	return " " + onConflict + " " + strings.Join(set, ", ")
}

// The columns that follow from corrections, and so stand in no StoreEntry.
var overlayColumns = []string{"is_void", "overlay"}

// whole are the values of storedColumns and overlayColumns.
func (r *entryRow) whole(to []any) []any { return append(r.stored(to), r.IsVoid, r.Overlay) }

var (
	oneWhole    = "(?" + strings.Repeat(", ?", len(storedColumns)+len(overlayColumns)-1) + ")"
	insertWhole = " INTO playlog (" + strings.Join(slices.Concat(storedColumns, overlayColumns), ", ") + ") VALUES " + oneWhole

	sqliteRewrite = newRewrite("ON CONFLICT (fingerprint) DO UPDATE SET", "excluded.%s")
	mysqlRewrite  = newRewrite("ON DUPLICATE KEY UPDATE", "VALUES(%s)")
)

// rewrite stores entries over those that are there.
func rewrite(rows int, over string) string { return insertMany("INSERT", rows) + over }

// insertMany stores entries, and fails where there is a copy.
func insertMany(insert string, rows int) string {
	return insert + insertWhole + strings.Repeat(", "+oneWhole, rows-1)
}

func newRewrite(onConflict, incoming string) string {
	var set []string
	for _, column := range slices.Concat(mergedNumbers, mergedTexts, overlayColumns, []string{"is_manual", "is_synced", "played_at", "content"}) {
		set = append(set, column+" = "+fmt.Sprintf(incoming, column))
	}
	return " " + onConflict + " " + strings.Join(set, ", ")
}
