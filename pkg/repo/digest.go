package repo

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// digestPage is how many records Digests reads at once.
const digestPage = 50_000

// maxDigestAttempts bounds how often a page is read again because merges made
// contents unknown meanwhile.
const maxDigestAttempts = 8

// Digests returns the digests of all records that q selects, also manual and
// void ones. They are ordered by when the records were played, oldest first;
// buckets without records are left out. It reads page by page, each within
// Config.QueryTimeout. What is stored meanwhile may or may not be counted.
// Error: model.ErrUnavailable.
func (r reader) Digests(ctx context.Context, q model.DigestQuery) ([]model.Digest, error) {
	return r.digests(ctx, q, digestPage)
}

func (r reader) digests(ctx context.Context, q model.DigestQuery, perPage int) ([]model.Digest, error) {
	total, err := newSums(q.Span)
	if err != nil {
		return nil, err
	}
	from, known := digestSources[q.Kind]
	if !known {
		return nil, model.Invalid("kind", string(q.Kind), "must be entries or healths")
	}
	page := model.RecordQuery{Source: q.Source, From: q.From, To: q.To, Limit: perPage}
	for {
		if page.After, err = r.addDigestPage(ctx, from, page, total); err != nil {
			return nil, fmt.Errorf("compute digests: %w", err)
		}
		if page.After == nil {
			return total.digests()
		}
	}
}

// digestSource names the table and columns of the records of a kind and their
// contents.
type digestSource struct{ table, source, at, content, supplement string }

var digestSources = map[model.Kind]digestSource{
	model.KindEntry:  {"playlog", "log_source", "played_at", "content", "supplement"},
	model.KindHealth: {"health", "source", "log_time", "uid", "NULL"}, // its identity is its content
}

// addDigestPage adds a page to the sums, and returns where to continue. The
// databases are slower at summing contents than at returning them: MariaDB has
// no XOR of more than 64 bits, SQLite none at all.
func (r reader) addDigestPage(ctx context.Context, from digestSource, q model.RecordQuery, total *sums) (*model.Position, error) {
	for range maxDigestAttempts {
		page := &sums{end: total.end}
		next, unlearned, err := r.readDigestPage(ctx, from, q, page)
		if err != nil {
			return nil, err
		}
		if unlearned == nil {
			for _, b := range page.buckets {
				total.add(b)
			}
			return next, nil
		}
		if err := r.learnContents(ctx, unlearned); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: records change too fast", model.ErrUnavailable)
}

func (r reader) readDigestPage(ctx context.Context, from digestSource, q model.RecordQuery, page *sums) (next *model.Position, unlearned []int64, err error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	next, unlearned, err = r.reads().sum(ctx, from, q, page)
	return next, unlearned, r.db.Classify(ctx, err)
}

// sum adds the records of a query to the sums, and returns which of them have
// an unknown content.
func (b bulk) sum(ctx context.Context, from digestSource, q model.RecordQuery, to *sums) (next *model.Position, unlearned []int64, err error) {
	where, args := recordQuery(q).where(from.source, from.at)
	rows, err := b.Query(ctx, "SELECT "+from.at+", id, "+from.content+", "+from.supplement+" FROM "+from.table+" "+where, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var at, content, supplement sql.RawBytes
	var last model.Position
	n := 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(&at, &last.ID, &content, &supplement); err != nil {
			return nil, nil, err
		}
		if content == nil {
			unlearned = append(unlearned, last.ID)
		} else if err := to.count(at, content, supplement); err != nil {
			return nil, nil, err
		}
		if n == recordQuery(q).limit()-1 { // the bytes are invalid after the last row
			if last.PlayedAt, err = time.Parse(sqldb.TimeLayout, string(at)); err != nil {
				return nil, nil, err
			}
			next = &last
		}
	}
	return next, unlearned, rows.Err()
}
