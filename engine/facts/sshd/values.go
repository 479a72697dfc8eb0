package sshd

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// normalise returns the value of a keyword as sshd -T prints it: a string, or a list as []any. The arguments are those
// of one line, and tail is the line behind the keyword.
func normalise(name string, k keyword, args []string, tail string) (any, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("no argument after keyword %s", name)
	}
	switch k.form {
	case list, grow:
		return several(name, args)
	case rest:
		return strings.TrimRight(tail, " \t"), nil
	case algorithm:
		if len(args) > 1 {
			return nil, extra(name)
		}
		return args[0], nil // its edits are made when the default is known
	}
	if len(args) > 1 {
		return nil, extra(name)
	}
	return single(name, k, args[0])
}

func extra(name string) error {
	return fmt.Errorf("keyword %s has extra arguments at the end of the line", name)
}

func single(name string, k keyword, arg string) (any, error) {
	switch k.form {
	case choice:
		return chosen(name, k, arg)
	case number:
		n, err := strconv.ParseUint(arg, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("%s is %q, want a number", name, arg)
		}
		return strconv.FormatUint(n, 10), nil
	case octal:
		n, err := strconv.ParseUint(arg, 8, 12)
		if err != nil {
			return nil, fmt.Errorf("%s is %q, want an octal mode", name, arg)
		}
		return "0" + strconv.FormatUint(n, 8), nil
	case duration:
		if name == "unusedconnectiontimeout" && strings.EqualFold(arg, "none") {
			return "none", nil
		}
		n, ok := seconds(arg)
		if !ok {
			return nil, fmt.Errorf("%s is %q, want a time such as 90 or 1h30m", name, arg)
		}
		return strconv.FormatInt(n, 10), nil
	case spec:
		return special(name, arg)
	}
	if strings.EqualFold(arg, "none") {
		return "none", nil
	}
	return arg, nil
}

func chosen(name string, k keyword, arg string) (any, error) {
	v := strings.ToLower(arg)
	found := false
	for c := range strings.FieldsSeq(k.choices) {
		found = found || c == v
	}
	if k.choices == yesNo && (v == "true" || v == "false") {
		v, found = map[string]string{"true": "yes", "false": "no"}[v], true
	}
	if !found {
		return nil, fmt.Errorf("%s is %q, want one of %s", name, arg, strings.ReplaceAll(k.choices, " ", ", "))
	}
	switch {
	case name == "loglevel" || name == "syslogfacility" || name == "fingerprinthash":
		v = strings.ToUpper(v)
	case v == "prohibit-password":
		v = "without-password" // two names of one thing; sshd prints the elder
	case v == "all":
		v = "yes"
	case v == "delayed":
		v = "yes" // since 7.4 there is no other compression
	}
	if v == "DEBUG" {
		v = "DEBUG1"
	}
	return v, nil
}

// special reads the keywords whose one argument has a form of its own.
func special(name, arg string) (any, error) {
	switch name {
	case "maxstartups":
		n, ok := numbers(arg)
		switch {
		case ok && len(n) == 1:
			return fmt.Sprintf("%d:30:%d", n[0], n[0]), nil
		case ok && len(n) == 3 && n[0] <= n[2] && n[1] >= 1 && n[1] <= 100:
			return fmt.Sprintf("%d:%d:%d", n[0], n[1], n[2]), nil
		}
		return nil, fmt.Errorf("%s is %q, want start:rate:full", name, arg)
	case "persourcemaxstartups":
		if strings.EqualFold(arg, "none") {
			return "none", nil
		}
	case "persourcenetblocksize":
		if n, ok := numbers(arg); ok && len(n) == 2 {
			return fmt.Sprintf("%d:%d", n[0], n[1]), nil
		}
		return arg + ":128", nil
	case "permituserenvironment":
		if v := strings.ToLower(arg); v == "yes" || v == "no" {
			return v, nil
		}
		return arg, nil
	}
	n, ok := numbers(arg)
	if !ok || len(n) != 1 {
		return nil, fmt.Errorf("%s is %q, want a number", name, arg)
	}
	return strconv.Itoa(n[0]), nil
}

// numbers reads numbers between colons.
func numbers(s string) ([]int, bool) {
	var all []int
	for part := range strings.SplitSeq(s, ":") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil || len(all) == 3 {
			return nil, false
		}
		all = append(all, int(n))
	}
	return all, true
}

// seconds reads a time (convtime in OpenSSH's misc.c): numbers with the units s, m, h, d and w, added up.
func seconds(s string) (int64, bool) {
	var total int64
	for s != "" {
		end := 0
		for end < len(s) && '0' <= s[end] && s[end] <= '9' {
			end++
		}
		n, err := strconv.ParseInt(s[:end], 10, 31)
		if err != nil {
			return 0, false
		}
		unit := int64(1)
		if end < len(s) {
			switch s[end] | 0x20 {
			case 's':
			case 'm':
				unit = 60
			case 'h':
				unit = 3600
			case 'd':
				unit = 86400
			case 'w':
				unit = 7 * 86400
			default:
				return 0, false
			}
			end++
		}
		total += n * unit
		s = s[end:]
	}
	return total, total < 1<<31
}

func several(name string, args []string) (any, error) {
	switch name {
	case "ipqos":
		for i := range args {
			args[i] = strings.ToLower(args[i])
		}
		if len(args) == 1 {
			args = append(args, args[0])
		}
		return strings.Join(args, " "), nil
	case "rekeylimit":
		return rekey(args)
	case "subsystem":
		return []any{strings.Join(args, " ")}, nil
	}
	all := make([]any, len(args))
	for i, a := range args {
		if name == "port" {
			if n, err := strconv.ParseUint(a, 10, 16); err != nil || n == 0 {
				return nil, fmt.Errorf("port is %q, want a number from 1 to 65535", a)
			}
		}
		if name == "listenaddress" {
			a = address(a)
		}
		all[i] = a
	}
	return all, nil
}

// address prints an address with its brackets; the port is added when all ports are known.
func address(s string) string {
	if a, err := netip.ParseAddr(s); err == nil && a.Is6() {
		return "[" + s + "]"
	}
	return s
}

func rekey(args []string) (any, error) {
	limit, interval := int64(0), int64(0)
	if arg := strings.ToLower(args[0]); arg != "default" && arg != "none" {
		digits := strings.TrimRight(arg, "kmg")
		n, err := strconv.ParseInt(digits, 10, 40)
		if err != nil || len(arg)-len(digits) > 1 {
			return nil, fmt.Errorf("rekeylimit is %q, want bytes with K, M or G", args[0])
		}
		limit = n << (map[string]int{"": 0, "k": 10, "m": 20, "g": 30}[arg[len(digits):]])
	}
	if len(args) > 1 && !strings.EqualFold(args[1], "none") {
		n, ok := seconds(args[1])
		if !ok || len(args) > 2 {
			return nil, fmt.Errorf("rekeylimit has %q, want one time such as 1h", args[1:])
		}
		interval = n
	}
	return fmt.Sprintf("%d %d", limit, interval), nil
}
