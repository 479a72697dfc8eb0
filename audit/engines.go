package audit

import (
	"context"

	"github.com/guestctl/guestctl/scanner"
	"github.com/guestctl/guestctl/scanner/yara"
)

// engines lists what scans files. Each opens nothing and returns nil where the options do not ask for it.
func engines() []func(context.Context, ScanOptions) (scanner.Engine, error) {
	return []func(context.Context, ScanOptions) (scanner.Engine, error){openYARA}
}

func openYARA(ctx context.Context, opts ScanOptions) (scanner.Engine, error) {
	if opts.NoYARA {
		return nil, nil
	}
	return yara.Load(ctx, yara.Options{
		Paths: opts.Rules, Strict: opts.Strict, CacheDir: opts.cache(RulesDir), Timeout: opts.Limits.FileTime,
	})
}
