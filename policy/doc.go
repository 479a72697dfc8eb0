// Package policy is the judge of compliance: it turns baselines into checks and asks them of the facts of one guest.
//
// A baseline is a TOML file that says what a guest must be. What it does not name is not checked, what it names wrongly is
// an error with a position, and what cannot be read from the guest is unknown and never a pass:
//
//	[system]
//	timezone = "UTC"
//	selinux = "enforcing"
//	[packages.required]
//	packages = ["nginx", { name = "openssl", version = ">=3.0.7-28", severity = "high" }]
//	[files.permissions]
//	"/etc/shadow" = { mode = "<=0640", owner = "root", group = "shadow|root" }
//
// Every entry is a check of its own, with an id that stays the same while the file around it changes:
// system.timezone, packages.required/nginx, files.permissions:/etc/shadow.
//
// # Short and long form
//
// The short form is a string. The long form is an inline table, with the same value under a name (name of a package,
// path of a file, digest, version, or one of the operators) and beside it severity, reason, refs, fix, id, and
// when = { os = ["rocky>=9", "debian==12"], arch = ["x86_64"], labels = { role = "web" } }. A check whose when does not hold
// is notapplicable. Labels are given in Options.
//
// The values of [system] and [config], and lists such as packages.holds, take operators: equals (a bare value), not, in,
// not_in, min, max, contains, excludes, subset_of, superset_of, matches (RE2, also called match), mode_max, exists and count.
// What nobody wrote, and where a default holds that cannot be read, proves nothing about what it is not: such a test is
// unknown. Versions are written ">=9.4", "!=5.14.0-70*",
// ">=1.2, <2". A version of an operating system or a kernel is compared as far as it is written: "9" holds for 9.4. A
// version of a package is compared in the order of its package manager.
//
// # Several files
//
// Load reads files in order; baseline.extends names files that go before the one that says so. A later check replaces an
// earlier one with its id. A check goes away only through disable = [{ id = "...", reason = "..." }], and the policy lists
// what was disabled. [vars] gives words for ${name} in strings; those of later files win, and $${ is
// a plain ${. Keys that begin with "x-" and
// the table [meta] are free.
//
// # In Go
//
//	p, err := policy.Load([]string{"baseline.toml"}, policy.Options{})
//	doc := … facts for p.Request() …
//	findings := p.Judge(ctx, doc)
//
// An error that is about a baseline is an *Error, or several of them joined. A Check does not know where it came from:
// whatever fills one is gated, sorted and reported like the others. The gate is in one place: facts that are missing,
// partial or unreadable make the check unknown before it is asked.
//
// The vocabulary is one list, in vocabulary.go; Schema makes the JSON Schema for editors from it. The package does not read images and does not know report formats.
package policy
