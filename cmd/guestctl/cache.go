package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine/cache"
	"github.com/guestctl/guestctl/report"
)

// cacheLimit is how many bytes of facts are kept: some thousand documents.
const cacheLimit = 512 << 20

// cacheDir is the folder of everything that is kept, or "" when the user has no cache folder.
func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "guestctl")
}

// openCache returns the user's cache of facts, or nil when the user has no cache folder.
func openCache() *cache.Cache {
	dir := cacheDir()
	if dir == "" {
		return nil
	}
	return &cache.Cache{Dir: filepath.Join(dir, "facts"), Version: buildID(), Limit: cacheLimit}
}

// scanCache is what scans keep beside facts: verdicts on contents, and compiled rules.
func scanCache() []string {
	return []string{filepath.Join(cacheDir(), audit.VerdictsFile), filepath.Join(cacheDir(), audit.RulesDir)}
}

// bytesOf is how many bytes of files there are at path and below. What cannot be read counts nothing.
func bytesOf(path string) (n int64) {
	_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipDir
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	return n
}

// buildID tells this program from any other build of it: a build of an edited tree has the version of the one before.
func buildID() string {
	id := toolVersion()
	if path, err := os.Executable(); err == nil {
		if info, err := os.Stat(path); err == nil {
			id += fmt.Sprintf(" %d %d", info.Size(), info.ModTime().UnixNano())
		}
	}
	return id
}

func newCacheCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "cache",
		Short: "Show or clear what is kept from one run to the next",
		Long: `Show or clear what is kept from one run to the next.

Facts are kept for images that did not change since: their size, inode and times are the same, and so is a digest of the
tables and superblocks that are read on every run. What was not used for the longest time goes first. Scans keep
verdicts on the contents of files, and compiled rules.`,
	},
		&cobra.Command{
			Use: "ls", Short: "List the documents, the one used last first", Args: wantArgs(0, 0, ""),
			RunE: func(cmd *cobra.Command, _ []string) error {
				return withCache(func(c *cache.Cache) error {
					entries, err := c.List()
					for _, e := range entries {
						if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %10s  %s\n", e.Used.UTC().Format(time.RFC3339), report.Size(e.Size), e.Name); err != nil {
							return err
						}
					}
					return err
				})
			},
		},
		&cobra.Command{
			Use: "stat", Short: "Say where the cache is and how much it holds", Args: wantArgs(0, 0, ""),
			RunE: func(cmd *cobra.Command, _ []string) error {
				return withCache(func(c *cache.Cache) error {
					entries, err := c.List()
					if err != nil {
						return err
					}
					var size int64
					for _, e := range entries {
						size += e.Size
					}
					var scans int64
					for _, path := range scanCache() {
						scans += bytesOf(path)
					}
					_, err = fmt.Fprintf(cmd.OutOrStdout(), "folder     %s\ndocuments  %d\nsize       %s of at most %s\nscans      %s\n",
						c.Dir, len(entries), report.Size(size), report.Size(c.Limit), report.Size(scans))
					return err
				})
			},
		},
		&cobra.Command{
			Use: "rm", Short: "Remove all documents, and what scans kept", Args: wantArgs(0, 0, ""),
			RunE: func(cmd *cobra.Command, _ []string) error {
				return withCache(func(c *cache.Cache) error {
					n, err := c.Clear()
					for _, path := range scanCache() {
						err = errors.Join(err, os.RemoveAll(path))
					}
					if err != nil {
						return err
					}
					_, err = fmt.Fprintf(cmd.OutOrStdout(), "removed %d documents\n", n)
					return err
				})
			},
		},
	)
}

func withCache(work func(*cache.Cache) error) error {
	c := openCache()
	if c == nil {
		return withCode(exitInternal, fmt.Errorf("no cache folder: set XDG_CACHE_HOME or HOME"))
	}
	return withCode(exitInternal, work(c))
}
