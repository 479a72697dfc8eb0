package drift

import "strings"

// askedFor lists the domains that hold what a request names, and are nothing that a machine has.
func askedFor() []string { return []string{"files", "globs"} }

// volatileDomains change on every machine that runs.
func volatileDomains() []string { return []string{"history", "log_files"} }

// isVolatile tells a value that changes by itself, or with one that is told anyway.
func isVolatile(domain, path string) bool {
	for _, v := range volatile() {
		if v.domain != "" && v.domain != domain {
			continue
		}
		if path == v.path || strings.HasSuffix(path, "."+v.path) {
			return true
		}
	}
	return false
}

// volatile lists these values. A domain that is "" is any.
func volatile() []struct{ domain, path string } {
	return []struct{ domain, path string }{
		{"", "install_time"}, // of a package
		{"", "modified"},     // of a file
		{"sshd", "size"},     // of its files: what is in them is compared
		{"homes", "size"},
		{"", "not_after_day"}, // is not_after in other words
		{"scan", "seen"},
		{"scan", "counts"}, // of lists that are compared
		{"image_state", "random_seeds"},
		{"image_state", "package_caches"},
		{"image_state", "tmp_files"},
		{"image_state", "dhcp_leases"},
		{"image_state", "crash"},
		{"image_state", "mail_spools"},
		{"packages", "count"},
	}
}
