package imagestate

import (
	"bytes"
	"compress/gzip"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxAnswer  = 16 << 20  // bytes of one answer file, unpacked
	maxAnswers = 128 << 20 // bytes of all of them
)

var (
	// answerFiles are those of Anaconda, of Debian's installer, of Ubuntu's and of AutoYaST.
	answerFiles = []string{
		"/root/anaconda-ks.cfg", "/root/original-ks.cfg", "/root/initial-setup-ks.cfg", "/root/ks.cfg", "/preseed.cfg", "/root/preseed.cfg",
		"/var/lib/preseed/*", "/autoinstall.yaml", "/root/autoinst.xml", "/var/adm/autoinstall/cache/*.xml",
	}
	installerLogs = "/var/log/installer"
	// cloudData is data for cloud-init, which may hold passwords and mostly does not.
	cloudData = []string{
		"/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg.d/*.cfg", "/var/lib/cloud/seed/*/*-data", "/boot/user-data", "/boot/firmware/user-data",
		"/boot/efi/user-data", "/var/lib/cloud/instances/*/user-data.txt*", "/var/lib/cloud/instances/*/vendor-data*.txt*",
		"/var/lib/cloud/instances/*/cloud-config.txt",
	}
)

// answers returns the answer files and logs of an installation, and the data of cloud-init that has a password.
func (r *reader) answers() []facts.AnswerFile {
	files := list[facts.AnswerFile]{r: r}
	for _, f := range append(r.matching(answerFiles), r.below([]string{installerLogs})...) {
		line := r.passwordIn(f)
		files.add(f.Path, facts.AnswerFile{Path: f.Path, HasPassword: line > 0, Line: line})
	}
	for _, f := range r.matching(cloudData) {
		if line := r.passwordIn(f); line > 0 {
			files.add(f.Path, facts.AnswerFile{Path: f.Path, HasPassword: true, Line: line})
		}
	}
	return files.sorted(func(f facts.AnswerFile) string { return f.Path })
}

// passwordIn returns the line of the first password in a file, or 0. A file that is packed is unpacked.
func (r *reader) passwordIn(f facts.StateFile) int {
	if r.ctx.Err() != nil {
		return 0
	}
	if r.read += f.Size; r.read > maxAnswers || f.Size > maxAnswer {
		r.s.Problem(f.Path, 0, binread.Limit("%d bytes, want at most %d in a file and %d in all; it was not looked at", f.Size, maxAnswer, maxAnswers))
		return 0
	}
	b, err := r.s.ReadFile(f.Path)
	if err == nil && bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		b, err = unpack(b)
	}
	if err != nil {
		r.s.Problem(f.Path, 0, err)
	}
	return passwordLine(b)
}

// unpack returns as much of a gzip file as there is up to the limit; then there is an error too.
func unpack(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(z, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = binread.Limit("more than %d bytes when unpacked", maxAnswer)
	}
	return text, err
}

// The forms in which answer files have a password that is not locked.
var (
	// rootpw and the commands with a --password of Kickstart.
	kickstart = regexp.MustCompile(`^\s*(?:rootpw|sshpw)\s.*[^\s-]|^\s*[a-z]+\s.*--(?:password|passphrase)[=\s]\s*["']?[^\s"'!*]`)
	// debconf's preseeding: owner, question, type, value.
	preseed = regexp.MustCompile(`(?i)^\s*[^\s#]+\s+(?:\S*/)?[^\s/]*(?:passw|passphrase)[^\s/]*\s+(?:password|string)\s+[^\s!*]`)
	// YAML of cloud-init and of Ubuntu's installer, in block and in flow style.
	yaml = regexp.MustCompile(`^(?:[\s{-]*|[^#]*\{(?:[^#]*,)?\s*)["']?(?:password|passwd|hashed[_-]passwd|plain_text_passwd)["']?\s*:\s*["']?[^\s"'!*#~]`)
	// chpasswd sets passwords where it has a list or users.
	chpasswd = regexp.MustCompile(`^[\s{-]*["']?chpasswd["']?\s*:(.*)`)
	entries  = regexp.MustCompile(`(?:^\s+|[\s{,])["']?(?:list|users)["']?\s*:`)
	autoyast = regexp.MustCompile(`<(?:user_|root_)?password(?:\s[^>]*)?>\s*[^<\s!*]`)
)

// passwordLine returns the line of the first password, from 1, or 0 when there is none.
func passwordLine(b []byte) int {
	var l looker
	for line := range bytes.Lines(b) {
		if at := l.look(string(line[:min(len(line), maxLine)])); at > 0 {
			return at
		}
	}
	return 0
}

// looker goes through the lines of a file.
type looker struct {
	n        int
	question string // of debconf's database, whose value is on a later line
	chpasswd int    // the line of a chpasswd of which the rest is to come
}

// look returns the line of a password that the next line completes, or 0.
func (l *looker) look(line string) int {
	l.n++
	if l.chpasswd > 0 && strings.TrimSpace(line) != "" {
		if entries.MatchString(line) {
			return l.chpasswd
		}
		if line[0] != ' ' && line[0] != '\t' && line[0] != '#' {
			l.chpasswd = 0
		}
	}
	if name, ok := strings.CutPrefix(line, "Name:"); ok {
		l.question = path.Base(strings.TrimSpace(name))
	}
	value, ok := strings.CutPrefix(line, "Value:")
	if ok && strings.Contains(l.question, "passw") && !strings.Contains(l.question, "weak") && strings.Trim(value, " \t\r\n!*") != "" {
		return l.n
	}
	if !strings.Contains(line, "pass") && !strings.Contains(line, "pw") {
		return 0
	}
	if m := chpasswd.FindStringSubmatch(line); m != nil {
		if entries.MatchString(m[1]) {
			return l.n
		}
		l.chpasswd = l.n
	}
	if hasPassword(line) {
		return l.n
	}
	return 0
}

func hasPassword(line string) bool {
	if kickstart.MatchString(line) {
		return !strings.Contains(line, "--lock") || strings.Contains(line, "--password")
	}
	return preseed.MatchString(line) || yaml.MatchString(line) || autoyast.MatchString(line)
}
