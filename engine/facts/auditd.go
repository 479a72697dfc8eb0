package facts

// Auditd is the domain "auditd": the settings of the audit daemon, by key in lower case.
type Auditd map[string]*Value[string]
