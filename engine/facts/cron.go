package facts

// Cron is the domain "cron": what cron, anacron and at run. Timers of systemd are in the domain "units".
type Cron []CronJob

// CronJob is one job, or a file that looks like one and is not run.
type CronJob struct {
	Kind string `json:"kind"` // "crontab", "cron.d", "user", "run-parts", "anacron" or "at"
	// Schedule is as written, with one space between the fields: "17 * * * *", "@reboot"; "hourly", "daily", "weekly" or
	// "monthly" of run-parts; the days of anacron; the time of at in RFC 3339.
	Schedule string `json:"schedule"`
	User     string `json:"user"` // a name; "uid 1000" for at
	// Command has what looks like a secret blanked. It is "" for at.
	Command string `json:"command"`
	// Ignored says why it is not run; "" when it is.
	Ignored string `json:"ignored,omitempty"`
	Source  Source `json:"source"`
}
