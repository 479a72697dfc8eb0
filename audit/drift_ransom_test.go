package audit

import (
	"strings"
	"testing"

	"github.com/guestctl/guestctl/drift/ransom"
	"github.com/guestctl/guestctl/drift/tree"
	"github.com/guestctl/guestctl/finding"
)

// TestWhatPackagesExplainIsNoSign: what is ignored is looked at.
func TestWhatPackagesExplainIsNoSign(t *testing.T) {
	var got []string
	for _, c := range suspects([]tree.Change{
		{Path: "/package", Class: tree.ByPackage},
		{Path: "/generated", Class: tree.Generated},
		{Path: "/volatile", Class: tree.Volatile},
		{Path: "/ignored", Class: tree.Ignored},
		{Path: "/facts", Class: tree.ByFacts},
		{Path: "/unexplained", Class: tree.Unexplained},
	}) {
		got = append(got, c.Path)
	}
	if s := strings.Join(got, " "); s != "/ignored /facts /unexplained" {
		t.Errorf("looked at %s", s)
	}
}

// TestSignsOfRansomware: no sign is a pass only where everything was judged, and enough of them are a failure anyway.
func TestSignsOfRansomware(t *testing.T) {
	unread := []tree.Unread{{Path: "/srv", Cause: "bad block"}}
	bad := []ransom.Unread{{Path: "/srv/a", Cause: "bad block"}}
	for name, c := range map[string]struct {
		signs   *ransom.Signs
		unread  []tree.Unread
		want    finding.Status
		message string
	}{
		"none":               {&ransom.Signs{}, nil, finding.Pass, "no signs of ransomware"},
		"a few":              {&ransom.Signs{Files: 3, Content: 3}, nil, finding.Pass, "too few signs to speak of ransomware: 3 files; 3 encrypted by the look of it, against what the name promises"},
		"unread":             {&ransom.Signs{Candidates: 1, Looked: 1, Unread: bad}, nil, finding.Unknown, "not enough signs of ransomware, but not all was judged: 1 file could not be read"},
		"not compared":       {&ransom.Signs{}, unread, finding.Unknown, "not enough signs of ransomware, but not all was judged: 1 path could not be compared"},
		"too many":           {&ransom.Signs{Candidates: 9000, Looked: 2000}, nil, finding.Unknown, "not enough signs of ransomware, but not all was judged: 2,000 of 9,000 files that could show one"},
		"enough":             {&ransom.Signs{Files: 12, Renamed: 12, Notes: 3, Suffixes: []string{".locked"}, NoteNames: []string{"README.txt"}}, nil, finding.Fail, "signs of ransomware: 12 files; 12 renamed to end in .locked; the same text in 3 places: README.txt"},
		"enough, and unread": {&ransom.Signs{Files: 25, Content: 25, Unread: bad}, unread, finding.Fail, "signs of ransomware: 25 files; 25 encrypted by the look of it, against what the name promises"},
	} {
		d := &drifting{signs: c.signs, files: &tree.Result{Unread: c.unread}}
		list := d.encrypted()
		if len(list) != 1 || list[0].Status != c.want || list[0].Severity != finding.Critical || list[0].Message != c.message {
			t.Errorf("%s: %+v", name, list)
		}
	}
	if list := (&drifting{}).encrypted(); list != nil {
		t.Errorf("files were not compared: %+v", list)
	}
}
