package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/finding"
)

// MaxDocument is how large a stored document may be when it is unpacked, in bytes.
const MaxDocument = 1 << 30

// Target is what a run found of one machine.
type Target struct {
	Image    string         `json:"image"`
	Machine  string         `json:"machine"` // the name of the guest, or of its image where it has none
	Result   finding.Status `json:"result"`
	Taken    time.Time      `json:"taken"` // when the image was written
	Score    float64        `json:"score"` // in percent; -1 where nothing was decided
	Passed   int            `json:"passed"`
	Failed   int            `json:"failed"`
	Unknown  int            `json:"unknown"`
	Facts    []byte         `json:"-"` // the document, where there is one
	Findings []Finding      `json:"findings"`
}

// Finding is a check that failed, or of which nothing is known.
type Finding struct {
	Fingerprint string           `json:"fingerprint"`
	ID          string           `json:"id"`
	Status      finding.Status   `json:"status"`
	Severity    finding.Severity `json:"severity"`
	Title       string           `json:"title"`
	Message     string           `json:"message"`
}

// Finish writes what an attempt of a run came to, with its report, and calls also in the same transaction. It returns false, and writes
// nothing, when the run has ended or another attempt has begun.
func (s *Store) Finish(ctx context.Context, run Run, report []byte, targets []Target, also func(*sql.Tx) error) (written bool, err error) {
	var late bool
	err = s.tx(ctx, func(tx *sql.Tx) error {
		digest, err := putDocument(ctx, tx, report)
		if err != nil {
			return err
		}
		evidence, err := putDocument(ctx, tx, run.Statement)
		if err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, `UPDATE runs SET state = 'done', ended = $1, result = $2, exit = $3, message = $4, passed = $5, failed = $6,
			unknown = $7, waived = $8, report = $9, evidence = $10 WHERE id = $11 AND state = 'running' AND attempt = $12`,
			millis(run.Ended), string(run.Result), run.Exit, run.Message, run.Passed, run.Failed, run.Unknown, run.Waived, digest, evidence,
			run.ID, run.Attempt)
		if ok, err := one(r, err); err != nil || !ok {
			late = !ok
			return errors.Join(err, errLate)
		}
		for i := range targets {
			if err := putTarget(ctx, tx, run, i, &targets[i]); err != nil {
				return err
			}
		}
		if also == nil {
			return nil
		}
		return also(tx)
	})
	if late && errors.Is(err, errLate) {
		return false, nil
	}
	return err == nil, err
}

var errLate = errors.New("the run has ended")

func putTarget(ctx context.Context, tx *sql.Tx, run Run, seq int, t *Target) error {
	facts, err := putDocument(ctx, tx, t.Facts)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO targets (run, seq, image, machine, result, taken, ended, score, passed, failed, unknown, facts)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		run.ID, seq, t.Image, t.Machine, string(t.Result), millis(t.Taken), millis(run.Ended), t.Score, t.Passed, t.Failed, t.Unknown, facts); err != nil {
		return err
	}
	for _, f := range t.Findings {
		if _, err := tx.ExecContext(ctx, `INSERT INTO findings (run, seq, fingerprint, id, status, severity, title, message)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
			run.ID, seq, f.Fingerprint, f.ID, string(f.Status), string(f.Severity), f.Title, f.Message); err != nil {
			return err
		}
	}
	return nil
}

// putDocument keeps a document once, however many runs have it.
func putDocument(ctx context.Context, tx *sql.Tx, doc []byte) (digest string, err error) {
	if len(doc) == 0 {
		return "", nil
	}
	sum := sha256.Sum256(doc)
	digest = hex.EncodeToString(sum[:])
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM documents WHERE digest = $1", digest).Scan(&n); err != nil || n > 0 {
		return digest, err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO documents (digest, body) VALUES ($1, $2) ON CONFLICT DO NOTHING", digest, enc.EncodeAll(doc, nil))
	return digest, err
}

// document returns a kept document; nil for none.
func (s *Store) document(ctx context.Context, digest string) ([]byte, error) {
	if digest == "" {
		return nil, nil
	}
	var body []byte
	err := s.DB.QueryRowContext(ctx, "SELECT body FROM documents WHERE digest = $1", digest).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("document %.12s: %w", digest, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxDocument))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	doc, err := dec.DecodeAll(body, nil)
	if err != nil {
		return nil, fmt.Errorf("document %.12s: %w", digest, err)
	}
	return doc, nil
}

// Signed returns the signed evidence of a run; nil where it has none, or has it no longer.
func (s *Store) Signed(ctx context.Context, r Run) ([]byte, error) {
	return s.document(ctx, r.Evidence)
}

// Report returns the report of a run; nil where it has none.
func (s *Store) Report(ctx context.Context, r Run) ([]byte, error) { return s.document(ctx, r.Report) }
