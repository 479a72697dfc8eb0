package facts

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/hive"
)

// Number returns the value of a name that is a number, or nil. One of another type sets nothing in Windows either, but it is a problem:
// somebody meant something by it.
func (k RegistryKey) Number(name string) *Value[int] { return typed(k, name, number) }

// Flag returns whether a number is set and not 0, or nil.
func (k RegistryKey) Flag(name string) *Value[bool] {
	return typed(k, name, func(v hive.Value) (bool, error) {
		n, err := v.Number()
		return n != 0, err
	})
}

// Digits returns the value of a name that is a number, or a text of digits, as Winlogon has them; or nil.
func (k RegistryKey) Digits(name string) *Value[int] {
	return typed(k, name, func(v hive.Value) (int, error) {
		text, err := v.Text()
		if err != nil {
			return number(v)
		}
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return 0, binread.Corrupt("is %q, want digits", text)
		}
		return n, nil
	})
}

// Text returns the value of a name that is a text, with variables as written, or nil.
func (k RegistryKey) Text(name string) *Value[string] { return typed(k, name, hive.Value.Text) }

// Texts returns the value of a name that is several texts, or nil.
func (k RegistryKey) Texts(name string) *Value[[]string] {
	return typed(k, name, func(v hive.Value) ([]string, error) {
		texts, err := v.Texts()
		if texts == nil {
			texts = []string{}
		}
		return texts, err
	})
}

// Shown returns what a person would be shown of a value, whatever its type; "" where it is absent.
func (k RegistryKey) Shown(name string) string {
	v, ok := k.Value(name)
	if !ok {
		return ""
	}
	return ValueText(v)
}

// Plain returns a text without its place; "" where it is absent.
func (k RegistryKey) Plain(name string) string { return plain(k.Text(name)) }

// Count returns a number without its place, and whether it is there.
func (k RegistryKey) Count(name string) (int, bool) {
	v := k.Number(name)
	if v == nil {
		return 0, false
	}
	return v.Value, true
}

// FileTime is a time as Windows counts it: in 100 ns since 1601. It is zero for 0 and for what means never.
func FileTime(t uint64) time.Time {
	const perSecond, to1970, never = 10_000_000, 11_644_473_600, 1<<63 - 1
	if t == 0 || t >= never {
		return time.Time{}
	}
	return time.Unix(int64(t/perSecond)-to1970, int64(t%perSecond)*100).UTC()
}

// Day is the day of a time since 1970-01-01 UTC; nil for none.
func Day(t time.Time) *int {
	if t.IsZero() {
		return nil
	}
	const perDay = 86400
	day := int(t.Unix() / perDay)
	return &day
}

func plain(v *Value[string]) string {
	if v == nil {
		return ""
	}
	return v.Value
}

func number(v hive.Value) (int, error) {
	n, err := v.Number()
	if err == nil && n > math.MaxInt64 {
		err = binread.Limit("is %d, want at most %d", n, int64(math.MaxInt64))
	}
	return int(n), err
}

func typed[T any](k RegistryKey, name string, decode func(hive.Value) (T, error)) *Value[T] {
	v, ok := k.Value(name)
	if !ok {
		return nil
	}
	value, err := decode(v)
	if err != nil {
		k.hives.scope.Problem(k.file(), 0, fmt.Errorf("%s!%s: %w", k.Path, name, err))
		return nil
	}
	source := k.Source(v)
	return &Value[T]{Value: value, Explicit: true, Source: &source}
}

// Or returns v, or where it is nil the default that Windows documents.
func Or[T any](v *Value[T], value T) *Value[T] {
	if v != nil {
		return v
	}
	return Default(value)
}

// Before returns policy, with what is set beside it shadowed, or what is set where policy says nothing: group policy goes before.
func Before[T any](policy, set *Value[T]) *Value[T] {
	if policy == nil {
		return set
	}
	if set != nil && set.Source != nil {
		policy.Shadowed = append(policy.Shadowed, Shadow[T]{*set.Source, set.Value})
	}
	return policy
}

// MapValue returns a value of another type, with its provenance.
func MapValue[A, B any](v *Value[A], as func(A) B) *Value[B] {
	if v == nil {
		return nil
	}
	mapped := &Value[B]{Value: as(v.Value), Explicit: v.Explicit, Source: v.Source}
	for _, s := range v.Shadowed {
		mapped.Shadowed = append(mapped.Shadowed, Shadow[B]{s.Source, as(s.Value)})
	}
	return mapped
}
