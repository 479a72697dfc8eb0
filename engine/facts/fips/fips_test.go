package fips

import (
	"context"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

// boot returns a collector of a boot menu whose default entry has args; nil for one whose default is not known.
func boot(args []facts.BootArg) facts.Collector {
	return facts.New("boot", "", func(context.Context, *facts.Scope) (*facts.Boot, error) {
		b := &facts.Boot{Default: -1}
		if args != nil {
			b.Default = 0
			b.Entries = []facts.BootEntry{{Args: args, Source: facts.Source{Path: "/boot/grub2/grub.cfg", Line: 7}}}
		}
		return b, nil
	})
}

func TestFIPS(t *testing.T) {
	yes, no := true, false
	for name, c := range map[string]struct {
		args  []facts.BootArg
		want  *bool
		state facts.State
	}{
		"fips=1":                        {[]facts.BootArg{{Key: "quiet"}, {Key: "fips", Value: "1"}}, &yes, facts.OK},
		"no fips":                       {[]facts.BootArg{{Key: "quiet"}}, &no, facts.OK},
		"fips=0":                        {[]facts.BootArg{{Key: "fips", Value: "0"}}, &no, facts.OK},
		"the last one wins":             {[]facts.BootArg{{Key: "fips", Value: "1"}, {Key: "fips", Value: "0"}}, &no, facts.OK},
		"fips alone is none":            {[]facts.BootArg{{Key: "fips"}}, &no, facts.OK},
		"nobody knows the default boot": {nil, nil, facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			f, st := factstest.Collect[facts.FIPS](t, factstest.Guest(t, nil), facts.Request{}, boot(c.args), Collector)
			if st.State != c.state || (f.Enabled == nil) != (c.want == nil) || f.Enabled != nil && *f.Enabled != *c.want {
				t.Errorf("%s (%v): %+v", st.State, st.Problems, f)
			}
			if f.Kernel != nil && f.Kernel.Source.Line != 7 {
				t.Errorf("comes from %+v", f.Kernel.Source)
			}
		})
	}
}

func TestMarkers(t *testing.T) {
	f, _ := factstest.Collect[facts.FIPS](t, factstest.Guest(t, factstest.Text(map[string]string{
		"/etc/system-fips": "", "/etc/dracut.conf.d/40-fips.conf": "# FIPS\nadd_dracutmodules+=\" lvm fips \"\n",
	})), facts.Request{}, boot(nil), Collector)
	if f.Marker == nil || f.Dracut == nil || f.Dracut.Line != 2 {
		t.Errorf("%+v", f)
	}
	f, _ = factstest.Collect[facts.FIPS](t, factstest.Guest(t, factstest.Text(map[string]string{
		"/etc/dracut.conf.d/40-fips.conf": "#add_dracutmodules+=\"fips\"\nomit_dracutmodules+=\"fips\"\n",
	})), facts.Request{}, boot(nil), Collector)
	if f.Marker != nil || f.Dracut != nil {
		t.Errorf("%+v", f)
	}
}
