package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	// agentDirFlag is the flag with which an agent tells a command where to leave facts and evidence.
	agentDirFlag = "agent-dir"
	// signedName is the evidence in that folder.
	signedName = "evidence"
)

// agentDir is a folder in which a command leaves what the history keeps beside its report, for the agent that runs it.
type agentDir struct {
	path string

	mu   sync.Mutex
	seen map[string]bool
}

// put writes the facts of the guest of an image; of an image with several there is no such thing, and the history keeps none.
func (d *agentDir) put(image string, doc *facts.Document) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	file := factsFileOf(d.path, image)
	if d.seen[image] {
		return ignoreAbsent(os.Remove(file))
	}
	d.seen[image] = true
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(facts.Write(f, doc), f.Close())
}

// readLeft returns what a command left in a file; nil when it left nothing.
func readLeft(file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	return b, ignoreAbsent(err)
}

// factsFileOf is where the facts of an image are: its own name may be no name of a file in one folder.
func factsFileOf(dir, image string) string {
	sum := sha256.Sum256([]byte(image))
	return filepath.Join(dir, hex.EncodeToString(sum[:]))
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
