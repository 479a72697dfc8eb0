package clamav

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/scanner"
)

// maxReply is the most bytes of one reply. The longest have the name of a signature.
const maxReply = 4096

// numbered takes the number of its request from a reply within a session: "3: stream: OK".
func numbered(reply string, id int) (string, error) {
	number, rest, ok := strings.Cut(reply, ": ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return "", fmt.Errorf("clamd: reply %.80q, want one that begins with the number of the request", reply)
	}
	if n != id {
		return "", fmt.Errorf("clamd: reply to request %d, want one to request %d", n, id)
	}
	return rest, nil
}

// verdict is what a reply says of a file: matches, or why the file was not looked into whole, or neither for a clean file.
func verdict(reply string) ([]scanner.Match, *scanner.Skip, error) {
	said := reply
	if name, rest, ok := strings.Cut(reply, ": "); ok && (name == "stream" || strings.HasPrefix(name, "fd[")) {
		said = rest
	}
	if said == "OK" {
		return nil, nil, nil
	}
	if name, ok := strings.CutSuffix(said, " FOUND"); ok && name != "" {
		return found(name)
	}
	if said, ok := strings.CutSuffix(said, " ERROR"); ok {
		return nil, complaint(said), nil
	}
	return nil, nil, fmt.Errorf("ClamAV: reply %.80q, want one that ends with OK, FOUND or ERROR", reply)
}

// found is what a name that was found says. Some names say that ClamAV did not look.
func found(name string) ([]scanner.Match, *scanner.Skip, error) {
	name = withoutSum(name)
	switch {
	case strings.HasPrefix(name, "Heuristics.Limits.Exceeded"):
		return nil, &scanner.Skip{Reason: scanner.LimitReached, Detail: "ClamAV: " + name}, nil
	case strings.HasPrefix(name, "Heuristics.Encrypted."):
		return nil, &scanner.Skip{Reason: scanner.Encrypted, Detail: "ClamAV: " + name}, nil
	}
	return []scanner.Match{match(name)}, nil, nil
}

// withoutSum takes off what ExtendedDetectionInfo adds to a name: "Name(44d88612fea8a8f36de82e1278abb02f:68)".
func withoutSum(name string) string {
	sum := regexp.MustCompile(`^(.+)\([0-9a-f]{32}:[0-9]+\)$`)
	if m := sum.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return name
}

// complaint is an error that ClamAV answered with.
func complaint(said string) *scanner.Skip {
	if strings.HasPrefix(said, "INSTREAM size limit exceeded") {
		return &scanner.Skip{Reason: scanner.TooLarge, Detail: "more than StreamMaxLength of clamd.conf"}
	}
	return &scanner.Skip{Reason: scanner.EngineError, Detail: fmt.Sprintf("ClamAV: %.200s", said)}
}

// bytesText writes a number of bytes in MiB where it is a whole number of them.
func bytesText(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
