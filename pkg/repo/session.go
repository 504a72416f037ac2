package repo

import (
	"context"

	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// sessionRow is a session as table session keeps it.
type sessionRow struct {
	ID        []byte `gorm:"primaryKey"`
	Name      string
	Proof     []byte
	CreatedAt sqldb.Time
	ExpiresAt sqldb.Time
}

// TableName implements gorm's schema.Tabler.
func (sessionRow) TableName() string { return "session" }

func newSessionRow(s model.Session) sessionRow {
	return sessionRow{ID: s.ID[:], Name: s.Name, Proof: s.Proof[:], CreatedAt: sqldb.At(s.Created), ExpiresAt: sqldb.At(s.Expires)}
}

func (r *sessionRow) session() model.Session {
	s := model.Session{Name: r.Name, Created: r.CreatedAt.Time, Expires: r.ExpiresAt.Time}
	copy(s.ID[:], r.ID)
	copy(s.Proof[:], r.Proof)
	return s
}

// StartSession stores a session. It deletes those that have ended by themselves
// before. Error: model.ErrUnavailable.
func (w *writer) StartSession(ctx context.Context, s model.Session) error {
	return w.aside(ctx, "start session", func(ctx context.Context, tx *writing) error {
		if _, err := tx.Exec(ctx, "DELETE FROM session WHERE expires_at <= ?", sqldb.At(s.Created)); err != nil {
			return err
		}
		row := newSessionRow(s)
		return tx.gorm(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

// Session returns a session, also one that has ended by itself. In a cluster,
// another server knows it a moment after StartSession. Errors: model.ErrNotFound,
// model.ErrUnavailable.
func (r reader) Session(ctx context.Context, id model.SessionID) (model.Session, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	var rows []sessionRow
	if err := r.db.Read.WithContext(ctx).Where("id = ?", id[:]).Find(&rows).Error; err != nil {
		return model.Session{}, r.db.Fail(ctx, "read session", err)
	}
	if len(rows) == 0 {
		return model.Session{}, model.ErrNotFound
	}
	return rows[0].session(), nil
}

// ProlongSession stores when a session ends now, if that is later than before and
// nobody has ended it. It does not wait for a database that is away. Error:
// model.ErrUnavailable.
func (w *writer) ProlongSession(ctx context.Context, s model.Session) error {
	ctx, cancel := w.db.Deadline(ctx)
	defer cancel()
	return w.db.Fail(ctx, "prolong session", writeAside(ctx, w.db, func(ctx context.Context, tx *writing) error {
		until := sqldb.At(s.Expires)
		_, err := tx.Exec(ctx, "UPDATE session SET expires_at = ? WHERE id = ? AND expires_at < ?", until, s.ID[:], until)
		return err
	}))
}

// EndSession forgets a session, if there is one. Error: model.ErrUnavailable.
func (w *writer) EndSession(ctx context.Context, id model.SessionID) error {
	return w.aside(ctx, "end session", func(ctx context.Context, tx *writing) error {
		_, err := tx.Exec(ctx, "DELETE FROM session WHERE id = ?", id[:])
		return err
	})
}
