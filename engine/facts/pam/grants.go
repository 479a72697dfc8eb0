package pam

import "slices"

// yes are the modules that succeed whatever they are given.
var yes = []string{"pam_permit.so", "pam_debug.so"}

// asksNothing are the modules that only prepare a login, or turn it away on other grounds than what somebody knows or has: for who is
// let in, they are passed over (they return PAM_IGNORE, or what counts of them is a refusal). pam_faillock with
// "authfail" comes after one and refuses too.
var asksNothing = []string{
	"pam_access.so", "pam_echo.so", "pam_env.so", "pam_faildelay.so", "pam_faillock.so", "pam_group.so", "pam_issue.so", "pam_keyinit.so",
	"pam_lastlog.so", "pam_limits.so", "pam_loginuid.so", "pam_mail.so", "pam_motd.so", "pam_nologin.so", "pam_securetty.so",
	"pam_selinux.so", "pam_shells.so", "pam_succeed_if.so", "pam_tally2.so", "pam_time.so", "pam_umask.so", "pam_warn.so",
}

// grant is a place in a stack that was come to without anybody having been content, but for the step by, which says yes to everybody.
type grant struct {
	place
	by int
}

// grants returns which steps let a stack succeed by themselves: every module that asks for something refuses, as the caller has neither
// a password nor a key.
func grants(steps []step) []bool {
	granted := make([]bool, len(steps))
	seen := map[grant]bool{}
	todo := []grant{{place{0, undefined}, -1}}
	for len(todo) > 0 {
		g := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if g.at >= len(steps) && g.mind == positive && g.by >= 0 {
			granted[g.by] = true
		}
		if g.at >= len(steps) || seen[g] {
			continue
		}
		seen[g] = true
		for _, next := range refused(steps, g.place) {
			by := g.by
			if by < 0 && slices.Contains(yes, steps[g.at].rule.Module) && (next.mind != g.mind || next.at != g.at+1) {
				by = g.at
			}
			todo = append(todo, grant{next, by})
		}
	}
	return granted
}

// refused returns where a stack goes on after a step for somebody who can prove nothing.
func refused(steps []step, p place) []place {
	s := steps[p.at]
	pass := place{p.at + 1, p.mind}
	all, _, err := actions(s.rule.Control)
	switch {
	case s.head || err == nil && slices.Contains(asksNothing, s.rule.Module) && !slices.Contains(s.rule.Args, "authfail"):
		return []place{pass}
	case err != nil:
		return nil
	case slices.Contains(yes, s.rule.Module):
		return []place{after(steps, p, outcome{named(all, "success"), true})}
	}
	return []place{after(steps, p, outcome{named(all, "auth_err"), false})}
}

// named is the action for a return value, or the default.
func named(all map[string]action, value string) action {
	if a, ok := all[value]; ok {
		return a
	}
	return all["default"]
}
