/* For record-truth.sh: finds out which rules of a PAM stack can run, by running it in Linux-PAM.
 *
 * With -DSTUB it is a module, put in the place of all: it notes the argument record=FILE:LINE of its rule and returns what
 * the program wants next. Without, it is the program: pamtrace SERVICE TYPE runs the stack with many series of outcomes and
 * prints the rules that ran in one of them. pam_permit and pam_deny keep their outcomes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* security/_pam_types.h */
enum { success = 0, auth_err = 7, new_authtok_reqd = 12, user_unknown = 10, ignore = 25, module_unknown = 28 };
enum { fail_delay = 10 };

struct trace {
	char seen[256][128];
	int rules;
	unsigned seed;
};

static const int outcomes[] = {success, auth_err, ignore, new_authtok_reqd, user_unknown, module_unknown, success, ignore};

#ifdef STUB
static int run(int flags, int argc, const char **argv)
{
	struct trace *t = (struct trace *)strtoul(getenv("PAMTRACE"), NULL, 16);
	const char *rule = "?";
	int fixed = -1, i;
	(void)flags;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "record=", 7))
			rule = argv[i] + 7;
		if (!strcmp(argv[i], "outcome=permit"))
			fixed = success;
		if (!strcmp(argv[i], "outcome=deny"))
			fixed = auth_err;
	}
	for (i = 0; i < t->rules && strcmp(t->seen[i], rule); i++)
		;
	if (i == t->rules && i < 256)
		strncpy(t->seen[t->rules++], rule, 127);
	t->seed = t->seed * 1103515245u + 12345u;
	return fixed >= 0 ? fixed : outcomes[t->seed >> 16 & 7];
}
#define CALL(name) \
	int name(void *h, int flags, int argc, const char **argv) { (void)h; return run(flags, argc, argv); }
CALL(pam_sm_authenticate)
CALL(pam_sm_setcred)
CALL(pam_sm_acct_mgmt)
CALL(pam_sm_chauthtok)
CALL(pam_sm_open_session)
CALL(pam_sm_close_session)
#else
int pam_start(const char *, const char *, const void *, void **);
int pam_end(void *, int);
int pam_set_item(void *, int, const void *);
int pam_authenticate(void *, int), pam_acct_mgmt(void *, int), pam_chauthtok(void *, int), pam_open_session(void *, int);

static void no_delay(int status, unsigned usec, void *data) { (void)status, (void)usec, (void)data; }
static int compare(const void *a, const void *b) { return strcmp(a, b); }

int main(int argc, char **argv)
{
	static struct trace t = {.seed = 1};
	static const void *conversation[2];
	char address[32];
	void *h;
	int i;
	if (argc != 3)
		return 2;
	snprintf(address, sizeof address, "%lx", (unsigned long)&t);
	setenv("PAMTRACE", address, 1);
	if (pam_start(argv[1], "ana", conversation, &h) != success)
		return 1;
	pam_set_item(h, fail_delay, (const void *)no_delay);
	for (i = 0; i < 5000; i++) {
		switch (argv[2][1]) {
		case 'u': pam_authenticate(h, 0); break;
		case 'c': pam_acct_mgmt(h, 0); break;
		case 'a': pam_chauthtok(h, 0); break;
		case 'e': pam_open_session(h, 0); break;
		}
	}
	pam_end(h, success);
	qsort(t.seen, t.rules, sizeof t.seen[0], compare);
	for (i = 0; i < t.rules; i++)
		puts(t.seen[i]);
	return 0;
}
#endif
