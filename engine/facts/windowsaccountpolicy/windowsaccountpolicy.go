// Package windowsaccountpolicy collects the domain "windows_account_policy": the rules for passwords and for locking accounts out.
//
// Source: SAM\SAM\Domains\Account, value F, with the fields of DOMAIN_PASSWORD_INFORMATION and DOMAIN_LOCKOUT_INFORMATION (MS-SAMR 2.2.3.5,
// 2.2.3.15) in the places where Windows has kept them since NT 4. Of a member of a domain the policy of the domain holds for the accounts
// of the domain, which is in none of its hives.
package windowsaccountpolicy

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	account = `HKLM\SAM\SAM\Domains\Account`

	complexPasswords = 0x01
	lockoutAdmins    = 0x08
	storeCleartext   = 0x10

	perMinute = 60 * 10_000_000 // units of 100 ns
	perDay    = 24 * 60 * perMinute
)

// Collector collects the domain "windows_account_policy".
var Collector = facts.New("windows_account_policy", "Windows' rules for passwords and for locking accounts out", collect).On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.WindowsAccountPolicy, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	k := h.Key(account)
	v, ok := k.Value("F")
	if !ok {
		return nil, fmt.Errorf("%s!F: %w", account, fs.ErrNotExist)
	}
	c := binread.Little(v.Data)
	maxAge, minAge := c.At(24).U64(), c.U64()
	duration, window := c.At(48).U64(), c.U64()
	properties, length, history, threshold := c.At(76).U32(), c.U16(), c.U16(), c.U16()
	if c.Err() != nil {
		return nil, fmt.Errorf("%s!F: %w", account, c.Err())
	}
	at := k.Mark("F")
	return &facts.WindowsAccountPolicy{
		MinLength: set(at, int(length)), History: set(at, int(history)), MaxAgeDays: set(at, span(maxAge, perDay)), MinAgeDays: set(at, span(minAge, perDay)),
		Complexity: set(at, properties&complexPasswords != 0), Reversible: set(at, properties&storeCleartext != 0),
		LockoutThreshold: set(at, int(threshold)), LockoutMinutes: set(at, span(duration, perMinute)), WindowMinutes: set(at, span(window, perMinute)),
		LockoutAdmins: set(at, properties&lockoutAdmins != 0),
	}, nil
}

func set[T any](at facts.Source, value T) *facts.Value[T] {
	return &facts.Value[T]{Value: value, Explicit: true, Source: &at}
}

// span is a time that is written as a negative number; the least of all numbers means for ever, which is 0.
func span(t uint64, per uint64) int {
	const forever = 1 << 63
	if t == forever {
		return 0
	}
	return int(-t / per)
}
