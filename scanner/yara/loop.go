//go:build linux && cgo && !noyara

package yara

/*
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yara.h>

enum {
	MOST_SETS = 8, MOST_REGIONS = 8, MOST_VARIABLES = 8,
	REQUESTS = 3, REPLIES = 4, // descriptors
	HEAD = 5, NUMBER = 4, FIXED = HEAD + NUMBER + 1 + 1 + 8,
	RULE = 1, TOO_MANY = 2, // what was said of a file
	FLAGS = SCAN_FLAGS_FAST_MODE | SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING,
};

struct set {
	YR_SCANNER *scanner;
	size_t variables;
	const char *names[MOST_VARIABLES];
};

struct region {
	const uint8_t *bytes;
	uint64_t size;
};

struct loop {
	size_t sets;
	struct set set[MOST_SETS];
	struct region region[MOST_REGIONS];
	int said; // of the file of the last request
	size_t length; // of what was read of the last request
	unsigned char request[1 << 16];
};

// The first rule that matches ends the scan: what it says is found out in Go. The binding does not tell of strings in too many places,
// of which libyara forgets the others.
static int on_message(YR_SCAN_CONTEXT *context, int message, void *data, void *said) {
	(void)context;
	(void)data;
	if (message == CALLBACK_MSG_TOO_MANY_MATCHES)
		*(int *)said |= TOO_MANY;
	if (message != CALLBACK_MSG_RULE_MATCHING)
		return CALLBACK_CONTINUE;
	*(int *)said |= RULE;
	return CALLBACK_ABORT;
}

// define gives the variables of a set the values of a request.
static int define(struct set *set, const unsigned char *p, const unsigned char *end) {
	for (size_t i = 0; i < set->variables; i++) {
		uint32_t n;
		if (end - p < (ptrdiff_t)sizeof n)
			return 0;
		memcpy(&n, p, sizeof n);
		p += sizeof n;
		if (n == 0 || n > end - p || p[n - 1] != 0)
			return 0;
		if (yr_scanner_define_string_variable(set->scanner, set->names[i], (const char *)p) != ERROR_SUCCESS)
			return 0;
		p += n;
	}
	return p == end;
}

// answer does what a request asks for, where that is a scan in which no rule matches and nothing goes wrong.
static int answer(struct loop *l, size_t n) {
	unsigned char reply[HEAD + NUMBER + 1] = {NUMBER + 2, 0, 0, 0, 'f'};
	const unsigned char *r = l->request;
	uint32_t length;
	uint64_t size;
	memcpy(&length, r, sizeof length);
	if (n < FIXED || length != n - sizeof length || r[sizeof length] != 's')
		return 0;
	size_t set = r[HEAD + NUMBER], depth = r[HEAD + NUMBER + 1];
	memcpy(&size, r + HEAD + NUMBER + 2, sizeof size);
	if (set >= l->sets || depth >= MOST_REGIONS || size > l->region[depth].size)
		return 0;
	YR_SCANNER *scanner = l->set[set].scanner;
	if (!define(&l->set[set], r + FIXED, r + n))
		return 0;
	yr_scanner_set_flags(scanner, FLAGS);
	yr_scanner_set_callback(scanner, on_message, &l->said);
	int error = yr_scanner_scan_mem(scanner, l->region[depth].bytes, size);
	if (error == ERROR_SCAN_TIMEOUT)
		reply[HEAD - 1] = 't';
	else if (error != ERROR_SUCCESS || l->said & RULE)
		return 0;
	memcpy(reply + HEAD, r + HEAD, NUMBER);
	reply[HEAD + NUMBER] = error == ERROR_SUCCESS && l->said & TOO_MANY;
	return write(REPLIES, reply, sizeof reply) == sizeof reply;
}

// serve answers requests until there is one for Go, and returns how many bytes of that were read.
static ssize_t serve(struct loop *l) {
	for (;;) {
		ssize_t n = read(REQUESTS, l->request, sizeof l->request);
		if (n < 0 && errno == EINTR)
			continue;
		l->said = 0;
		l->length = n < 0 ? 0 : n;
		if (n < HEAD || !answer(l, n))
			return n;
	}
}
*/
import "C"

import (
	"reflect"
	"unsafe"

	yara "github.com/hillu/go-yara/v4"

	"github.com/guestctl/guestctl/scanner"
)

// loop answers the requests that most are: nothing is found. It stays in C, where Go's scheduler does nothing: that would cost
// a tenth of the time of small files, most of it for watching calls that may block.
type loop struct{ c *C.struct_loop }

func newLoop() loop { return loop{(*C.struct_loop)(C.calloc(1, C.sizeof_struct_loop))} }

// add makes a set of rules known, in the order of the sets. The binding has no name for the scanner of libyara that it holds:
// should that not be found, no set is known, and Go answers all requests.
func (l loop) add(sc *yara.Scanner, variables []string) {
	field := reflect.ValueOf(sc).Elem().FieldByName("cptr")
	if !field.IsValid() || field.Kind() != reflect.Pointer || l.c.sets == C.MOST_SETS || len(variables) > C.MOST_VARIABLES {
		return
	}
	set := &l.c.set[l.c.sets]
	set.scanner = (*C.YR_SCANNER)(field.UnsafePointer())
	set.variables = C.size_t(len(variables))
	for i, name := range variables {
		set.names[i] = C.CString(name)
	}
	l.c.sets++
}

// region tells where the content of a depth stands.
func (l loop) region(depth int, b []byte) {
	l.c.region[depth] = C.struct_region{(*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(b))), C.uint64_t(len(b))}
}

// again answers the last request, for which a region was too small before, unless it is for Go.
func (l loop) again() bool { return C.answer(l.c, l.c.length) != 0 }

// tooMany reports whether the file of the last request has a string in more places than libyara counts.
func (l loop) tooMany() bool { return l.c.said&C.TOO_MANY != 0 }

// The loop has room for every depth of archives.
const _ = uint(C.MOST_REGIONS - scanner.Depths)

// next answers requests until there is one that it does not, and copies what it has of that, which may be nothing.
func (l loop) next(buf []byte) int {
	n := max(0, int(C.serve(l.c)))
	return copy(buf, unsafe.Slice((*byte)(&l.c.request[0]), n))
}
