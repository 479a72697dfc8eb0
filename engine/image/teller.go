package image

// Teller tells what a check finds, and counts it. Damage of one sort that lies side by side is told as one.
type Teller struct {
	Checked Checked
	report  func(Damage)
	pending Damage // not told yet: more of the same may follow
}

// NewTeller returns a teller that reports to report. Flush must be called at the end.
func NewTeller(report func(Damage)) *Teller { return &Teller{report: report} }

// Tell tells a damage.
func (t *Teller) Tell(d Damage) {
	p := &t.pending
	if p.Problem == d.Problem && p.Harm == d.Harm && d.Len > 0 && d.Host == p.Host+p.Len &&
		(d.Guest == p.Guest+p.Len || d.Guest < 0 && p.Guest < 0) {
		p.Len += d.Len
		p.Units += d.Units
		return
	}
	t.Flush()
	*p = d
}

// At tells what is wrong at one place of the file.
func (t *Teller) At(harm Harm, problem string, host int64) {
	t.Tell(Damage{Harm: harm, Problem: problem, Host: host, Guest: Nowhere, Units: 1})
}

// Flush tells what is not told yet.
func (t *Teller) Flush() {
	if t.pending.Problem == "" {
		return
	}
	t.Checked.Add(t.pending)
	t.report(t.pending)
	t.pending = Damage{}
}
