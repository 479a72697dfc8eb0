package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine/cache"
	"github.com/guestctl/guestctl/report"
)

// cacheLimit is how many bytes of facts are kept: some thousand documents.
const cacheLimit = 512 << 20

// openCache returns the user's cache of facts, or nil when the user has no cache folder.
func openCache() *cache.Cache {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	return &cache.Cache{Dir: filepath.Join(dir, "guestctl", "facts"), Version: buildID(), Limit: cacheLimit}
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
		Short: "Show or clear the facts that are kept from one run to the next",
		Long: `Show or clear the facts that are kept from one run to the next.

Facts are kept for images that did not change since: their size, inode and times are the same, and so is a digest of the
tables and superblocks that are read on every run. What was not used for the longest time goes first.`,
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
					_, err = fmt.Fprintf(cmd.OutOrStdout(), "folder     %s\ndocuments  %d\nsize       %s of at most %s\n",
						c.Dir, len(entries), report.Size(size), report.Size(c.Limit))
					return err
				})
			},
		},
		&cobra.Command{
			Use: "rm", Short: "Remove all documents", Args: wantArgs(0, 0, ""),
			RunE: func(cmd *cobra.Command, _ []string) error {
				return withCache(func(c *cache.Cache) error {
					n, err := c.Clear()
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
