package windowsaccounts

import (
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// The flags of an account (MS-SAMR 2.2.1.12).
const (
	flagDisabled     = 0x0001
	flagNotRequired  = 0x0004
	flagNeverExpires = 0x0200
	flagLocked       = 0x0400
	flagReversible   = 0x0800
	flagSmartcard    = 0x1000
)

// The parts of the value V of a user. Each is described by 12 bytes at its beginning: where it is behind them, and how long.
const (
	partName = iota + 1
	partFullName
	partComment

	partNTHash = 14
	parts      = 17
	partSize   = 12

	// A hash that is there is one of 16 bytes behind a header of 4, or one that is encrypted with AES behind a header of 24.
	hashRC4   = 20
	headerAES = 24
)

// user reads the values F and V of a user.
func user(k facts.RegistryKey, rid uint32, threshold int) (facts.WindowsUser, error) {
	u := facts.WindowsUser{RID: rid, Groups: []string{}, Source: k.Source()}
	fixed, ok := k.Value("F")
	variable, okV := k.Value("V")
	if !ok || !okV {
		return u, fmt.Errorf("values F and V: %w", fs.ErrNotExist)
	}
	if err := readFixed(&u, fixed.Data, threshold); err != nil {
		return u, fmt.Errorf("value F: %w", err)
	}
	for part, to := range map[int]*string{partName: &u.Name, partFullName: &u.FullName, partComment: &u.Comment} {
		b, err := partOf(variable.Data, part)
		if err != nil {
			return u, fmt.Errorf("value V: %w", err)
		}
		*to = text(b)
	}
	hash, err := partOf(variable.Data, partNTHash)
	if err != nil {
		return u, fmt.Errorf("value V: %w", err)
	}
	u.PasswordSet = len(hash) == hashRC4 || len(hash) > headerAES
	return u, nil
}

// readFixed reads the value F of a user. Whether an account is locked is not written at once: one with as many wrong passwords as the
// policy allows is taken for locked.
func readFixed(u *facts.WindowsUser, b []byte, threshold int) error {
	c := binread.Little(b)
	logon, set, expires := c.At(8).U64(), c.At(24).U64(), c.U64()
	rid, flags := c.At(48).U32(), c.At(56).U32()
	bad, logons := int(c.At(64).U16()), int(c.U16())
	if c.Err() != nil {
		return c.Err()
	}
	if rid != u.RID {
		return binread.Corrupt("is of account %d, want %d", rid, u.RID)
	}
	u.LastLogonDay, u.PasswordDay, u.ExpiresDay = facts.Day(facts.FileTime(logon)), facts.Day(facts.FileTime(set)), facts.Day(facts.FileTime(expires))
	u.MustChangePassword, u.BadPasswords, u.Logons = set == 0, bad, logons
	u.Disabled, u.PasswordNotRequired, u.PasswordNeverExpires = flags&flagDisabled != 0, flags&flagNotRequired != 0, flags&flagNeverExpires != 0
	u.Reversible, u.SmartcardRequired = flags&flagReversible != 0, flags&flagSmartcard != 0
	u.Locked = flags&flagLocked != 0 || threshold > 0 && bad >= threshold
	return nil
}

// lockoutThreshold is that of the policy, or 0.
func lockoutThreshold(account facts.RegistryKey) int {
	f, ok := account.Value("F")
	if !ok {
		return 0
	}
	c := binread.Little(f.Data)
	n := int(c.At(84).U16())
	if c.Err() != nil {
		return 0
	}
	return n
}

// partOf returns a part of the value V of a user.
func partOf(b []byte, part int) ([]byte, error) {
	c := binread.Little(b)
	begin, length := c.At(part*partSize).U32(), c.U32()
	content := b[min(len(b), parts*partSize):]
	if c.Err() != nil || begin > uint32(len(content)) || length > uint32(len(content))-begin {
		return nil, binread.Corrupt("part %d: %d bytes at %d of %d", part, length, begin, len(content))
	}
	return content[begin : begin+length], nil
}

func text(b []byte) string {
	c := binread.Little(b)
	return c.UTF16()
}

// group reads the value C of an alias.
func group(k facts.RegistryKey, rid uint32) (facts.WindowsGroup, error) {
	g := facts.WindowsGroup{RID: rid, Members: []facts.WindowsMember{}, Source: k.Source()}
	v, ok := k.Value("C")
	if !ok {
		return g, fmt.Errorf("value C: %w", fs.ErrNotExist)
	}
	const header = 52
	field := func(at int) ([]byte, error) {
		c := binread.Little(v.Data)
		begin, length := c.At(at).U32(), c.U32()
		content := v.Data[min(len(v.Data), header):]
		if c.Err() != nil || begin > uint32(len(content)) || length > uint32(len(content))-begin {
			return nil, binread.Corrupt("C: %d bytes at %d of %d", length, begin, len(content))
		}
		return content[begin : begin+length], nil
	}
	name, err := field(16)
	if err != nil {
		return g, err
	}
	comment, err := field(28)
	if err != nil {
		return g, err
	}
	sids, err := field(40)
	if err != nil {
		return g, err
	}
	g.Name, g.Comment = text(name), text(comment)
	count := binread.Little(v.Data)
	return g, members(&g, sids, count.At(48).U32())
}

func members(g *facts.WindowsGroup, b []byte, count uint32) error {
	if count > maxMembers {
		return binread.Limit("%d members, want at most %d", count, maxMembers)
	}
	c := binread.Little(b)
	for range count {
		sid, err := facts.SID(&c)
		if err != nil {
			return fmt.Errorf("value C: member %d: %w", len(g.Members), err)
		}
		g.Members = append(g.Members, facts.WindowsMember{SID: sid})
	}
	return nil
}
