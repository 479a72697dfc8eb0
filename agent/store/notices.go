package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"
)

// Notice is something to be told, and how far that is.
type Notice struct {
	ID       string
	Job      string
	Run      int64  // its number
	Channel  string // as the job has it: secrets by reference only
	Name     string // of the channel, for people
	Body     json.RawMessage
	Created  time.Time
	Attempts int       // how often it was tried to send it
	Sender   string    // who sends it at the moment
	Next     time.Time // when somebody else may try; zero when it is over
	Sent     time.Time // zero: not
	Error    string    // of the last attempt
}

// Waiting reports whether it is still tried to send the notice.
func (n *Notice) Waiting() bool { return !n.Next.IsZero() }

const noticeColumns = "id, job, run, channel, name, body, created, attempts, sender, next, sent, error"

func (s *Store) notices(ctx context.Context, where string, args ...any) (all []Notice, err error) {
	query := "SELECT " + noticeColumns + " FROM notices " + where //nolint:gosec // all of them constants of this package
	r, err := s.DB.QueryContext(ctx, query, args...)
	return all, rows(r, err, func() error {
		var n Notice
		var body string
		var created, next, sent int64
		err := r.Scan(&n.ID, &n.Job, &n.Run, &n.Channel, &n.Name, &body, &created, &n.Attempts, &n.Sender, &next, &sent, &n.Error)
		n.Body, n.Created, n.Next, n.Sent = json.RawMessage(body), timeOf(created), timeOf(next), timeOf(sent)
		all = append(all, n)
		return err
	})
}

// PutNotice adds a notice that has not been tried to send. It returns false when there is one of that ID.
func PutNotice(ctx context.Context, tx *sql.Tx, n *Notice) (bool, error) {
	r, err := tx.ExecContext(ctx, `INSERT INTO notices (id, job, run, channel, name, body, created, attempts, sender, next, sent, error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', $8, 0, '') ON CONFLICT DO NOTHING`,
		n.ID, n.Job, n.Run, n.Channel, n.Name, string(n.Body), millis(n.Created), millis(n.Next))
	return one(r, err)
}

// Notice returns the notice of an ID, or false.
func (s *Store) Notice(ctx context.Context, id string) (Notice, bool, error) {
	all, err := s.notices(ctx, "WHERE id = $1", id)
	if err != nil || len(all) == 0 {
		return Notice{}, false, err
	}
	return all[0], true, nil
}

// Notices returns the last notices of a job, the latest first.
func (s *Store) Notices(ctx context.Context, job string, limit int) ([]Notice, error) {
	return s.notices(ctx, "WHERE job = $1 ORDER BY created DESC, run DESC, name, id LIMIT $2", job, limit)
}

// ClaimNotice begins the attempt of a number, and nobody else may try until next. It returns false when it is over, or somebody has begun.
func (s *Store) ClaimNotice(ctx context.Context, id string, attempt int, sender string, next time.Time) (bool, error) {
	r, err := s.DB.ExecContext(ctx, `UPDATE notices SET attempts = $1, sender = $2, next = $3 WHERE id = $4 AND next > 0 AND attempts = $5`,
		attempt, sender, millis(next), id, attempt-1)
	return one(r, err)
}

// TriedNotice says what became of the attempt that counts: n has its number, when it was sent or when it is tried again, and the error.
func (s *Store) TriedNotice(ctx context.Context, n Notice) (bool, error) {
	r, err := s.DB.ExecContext(ctx, `UPDATE notices SET sender = '', next = $1, sent = $2, error = $3 WHERE id = $4 AND attempts = $5 AND next > 0`,
		millis(n.Next), millis(n.Sent), n.Error, n.ID, n.Attempts)
	return one(r, err)
}

// DueNotices returns the notices that somebody may try to send: their time has come, or lies beyond the horizon, where only a clock that
// was wrong can have put it.
func (s *Store) DueNotices(ctx context.Context, now, horizon time.Time) ([]Notice, error) {
	return s.notices(ctx, "WHERE next > 0 AND (next <= $1 OR next > $2) ORDER BY created, id", millis(now), millis(horizon))
}

// HoldNotice keeps others from trying to send a notice until next. It returns false when somebody did so first.
func HoldNotice(ctx context.Context, tx *sql.Tx, n Notice, sender string, next time.Time) (bool, error) {
	r, err := tx.ExecContext(ctx, "UPDATE notices SET sender = $1, next = $2 WHERE id = $3 AND attempts = $4 AND next = $5",
		sender, millis(next), n.ID, n.Attempts, millis(n.Next))
	return one(r, err)
}

// Unsent counts the notices that were never tried to send, are due, or are being sent.
func (s *Store) Unsent(ctx context.Context, now time.Time) (n int, err error) {
	err = s.DB.QueryRowContext(ctx, "SELECT COUNT(*) FROM notices WHERE next > 0 AND (attempts = 0 OR sender <> '' OR next <= $1)", millis(now)).Scan(&n)
	return n, err
}

// Overtake gives up the notices of a job to a channel that have not been sent, because a later one says more. It returns whether one of
// them may be on its way.
func Overtake(ctx context.Context, tx *sql.Tx, job, channel, why string) (onItsWay bool, err error) {
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM notices WHERE job = $1 AND channel = $2 AND next > 0 AND sender <> ''",
		job, channel).Scan(&n); err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, "UPDATE notices SET next = 0, error = $1 WHERE job = $2 AND channel = $3 AND next > 0", why, job, channel)
	return n > 0, err
}

// PruneNotices forgets the notices of a job that are over and older than a time, but for the last of them.
func (s *Store) PruneNotices(ctx context.Context, job string, before time.Time) error {
	_, err := s.DB.ExecContext(ctx, `DELETE FROM notices WHERE job = $1 AND next = 0 AND created < $2
		AND created < (SELECT MAX(created) FROM notices WHERE job = $3)`, job, millis(before), job)
	return err
}

// querier is a store or a transaction in it.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// MissedBefore counts the runs of a job that were left out between the run of a number and the one that was done before it, but for
// those that somebody began by hand.
func MissedBefore(ctx context.Context, q querier, job string, number int64) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM runs WHERE job = $1 AND number < $2 AND state = 'skipped' AND cause <> 'by hand'
		AND number > COALESCE((SELECT MAX(number) FROM runs WHERE job = $3 AND number < $4 AND state = 'done'), 0)`, job, number, job, number).Scan(&n)
	return n, err
}

// Judged returns the run of a job before r that was done and came to a verdict last, or false.
func (s *Store) Judged(ctx context.Context, r Run) (Run, bool, error) {
	all, err := s.runs(ctx, "WHERE job = $1 AND number < $2 AND state = 'done' AND result <> 'error' ORDER BY number DESC LIMIT 1", r.Job, r.Number)
	if err != nil || len(all) == 0 {
		return Run{}, false, err
	}
	return all[0], true, nil
}
