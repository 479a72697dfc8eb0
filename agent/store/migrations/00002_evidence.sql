-- +goose Up
ALTER TABLE runs ADD COLUMN evidence TEXT NOT NULL DEFAULT ''; -- the digest of a document, or ''

-- +goose Down
ALTER TABLE runs DROP COLUMN evidence;
