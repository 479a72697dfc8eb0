package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/backup/seal"
	"github.com/guestctl/guestctl/report"
)

// write seals each image. A seal that cannot be completed leaves no file.
func (f *againstFlags) write(cmd *cobra.Command, judge *judgeFlags, images []string, created time.Time) error {
	if len(images) > 1 && f.seal != besideImage {
		return fmt.Errorf("--seal=FILE: %d images, want one", len(images))
	}
	bar := newByteProgress(cmd, "sealed")
	defer bar.Close()
	for _, image := range images {
		path := f.seal
		if path == besideImage {
			path = image + ".seal"
		}
		m, err := sealImage(cmd.Context(), &judge.image, image, path, seal.Options{Created: created, Progress: bar.Add}, bar.Grow)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(output(cmd), "%s: sealed %d bytes in chunks of %d; root %s; seal %s in %s\n",
			report.Escape(image), m.Size, m.ChunkSize, m.Root, m.ID(), report.Escape(path)); err != nil {
			return withCode(exitInternal, err)
		}
	}
	return nil
}

func sealImage(ctx context.Context, flags *imageFlags, image, path string, opts seal.Options, started func(int64)) (m *seal.Manifest, err error) {
	machine, err := flags.open(ctx, image)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, machine.Close()) }()
	started(machine.Disks[0].Size())
	err = writeWhole(path, func(w io.Writer) error {
		var err error
		if m, err = seal.Machine(ctx, machine, w, opts); err != nil {
			return runError(fmt.Errorf("%s: %w", image, err))
		}
		return nil
	})
	return m, err
}
