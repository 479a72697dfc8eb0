package mta

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	mainCF      = "/etc/postfix/main.cf"
	masterCF    = "/etc/postfix/master.cf"
	maxSettings = 20_000
	maxLogical  = 1 << 16 // bytes of one logical line, and of a value with its variables filled in
	maxDepth    = 20      // variables inside of variables
	maxServices = 1000
)

// setting is the last assignment of a parameter.
type setting struct {
	value  string
	source facts.Source
}

// postfix reads where its master process listens: at inet_interfaces, and at what a service of master.cf names itself.
func postfix(s *facts.Scope) ([]facts.MTAAddress, *bool) {
	settings, ok := readMain(s)
	list, general, known := readMaster(s)
	if general {
		list = append(interfaces(settings), list...)
	}
	loopback := loopbackOnly(list)
	switch {
	case loopback != nil && !*loopback:
		return list, loopback
	case !ok || !known || general && len(list) == 0 || settings["multi_instance_directories"].value != "":
		return list, nil
	}
	return list, loopback
}

// interfaces returns the addresses of inet_interfaces. What stands for a host's name stays as it is.
func interfaces(settings map[string]setting) []facts.MTAAddress {
	set, ok := settings["inet_interfaces"]
	if !ok {
		return []facts.MTAAddress{{Value: all}}
	}
	var list []facts.MTAAddress
	for word := range strings.FieldsFuncSeq(expand(set.value, settings), func(r rune) bool { return strings.ContainsRune(" \t\r\n,", r) }) {
		list = append(list, facts.MTAAddress{Value: word, Source: &set.source})
	}
	return list
}

// readMain returns the parameters of main.cf. It is not ok when the file could not be read whole.
func readMain(s *facts.Scope) (settings map[string]setting, ok bool) {
	settings, ok = map[string]setting{}, true
	err := logicalLines(s, mainCF, func(n int, text string) {
		name, value, isSetting := strings.Cut(text, "=")
		name = strings.TrimSpace(name)
		if _, again := settings[name]; !isSetting || !again && len(settings) == maxSettings {
			s.Problem(mainCF, n, errors.New("line is no parameter that Postfix takes, or one too many"))
			ok = false
			return
		}
		source := facts.Source{Path: mainCF, Line: n}
		if name == "inet_interfaces" {
			source = facts.At(mainCF, n, text)
		}
		settings[name] = setting{strings.TrimSpace(value), source}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(mainCF, 0, err)
	}
	return settings, ok && err == nil
}

// readMaster returns the addresses that services of master.cf name, whether there are others, which listen at
// inet_interfaces, and whether all is known.
func readMaster(s *facts.Scope) (list []facts.MTAAddress, general, known bool) {
	known = true
	err := logicalLines(s, masterCF, func(n int, text string) {
		fields := strings.Fields(text)
		if len(fields) < 2 || fields[1] != "inet" {
			return
		}
		i := strings.LastIndexByte(fields[0], ':')
		switch {
		case i < 0:
			general = true
		case len(list) == maxServices:
			known = false
			s.Problem(masterCF, n, binread.Limit("more than %d services", maxServices))
		default:
			at := facts.At(masterCF, n, text)
			list = append(list, facts.MTAAddress{Value: fields[0][:i], Source: &at})
		}
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, true, true // without it nothing starts; main.cf says what would be
	}
	if err != nil {
		s.Problem(masterCF, 0, err)
		return list, true, false
	}
	return list, general, known
}

// logicalLines calls line for each logical line with the number of its first one: a line that begins with a blank goes on with
// the one before, and comments and empty lines do not count, also in between (postconf(5)). A line that is too long is cut, and
// an error.
func logicalLines(s *facts.Scope, file string, line func(n int, text string)) error {
	var text strings.Builder
	first, long := 0, false
	var tooLong error
	end := func() {
		if long && tooLong == nil {
			tooLong = binread.Limit("line %d has more than %d bytes", first, maxLogical)
		}
		if text.Len() > 0 {
			line(first, text.String())
		}
		text.Reset()
		long = false
	}
	err := s.Lines(file, func(n int, physical string) {
		trimmed := strings.TrimSpace(physical)
		if trimmed == "" || trimmed[0] == '#' {
			return
		}
		if physical[0] != ' ' && physical[0] != '\t' {
			end()
			first = n
		}
		if long = long || text.Len()+len(trimmed) > maxLogical; !long {
			text.WriteString(strings.TrimRight(physical, " \t\r\n"))
		}
	})
	end()
	if err == nil {
		err = tooLong
	}
	return err
}

var variable = regexp.MustCompile(`\$(?:(\w+)|\{\s*(\w+)\s*\}|\(\s*(\w+)\s*\))`)

// expand fills in the parameters that main.cf sets. Others, whose defaults may come from the running system, stay.
func expand(value string, settings map[string]setting) string {
	for range maxDepth {
		next := variable.ReplaceAllStringFunc(value, func(word string) string {
			if set, ok := settings[strings.Trim(word, "${}() \t")]; ok {
				return set.value
			}
			return word
		})
		if next == value || len(next) > maxLogical {
			return value
		}
		value = next
	}
	return value
}
