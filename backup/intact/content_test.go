package intact_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/conformance"
)

// TestContentThatIsNotWhatItsChecksumSays is found when everything is read, and the file is named.
func TestContentThatIsNotWhatItsChecksumSays(t *testing.T) {
	b, err := conformance.ReadFile("../../engine/filesys/btrfs/testdata/crashed/content.img.zst")
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Index(b, []byte(strings.Repeat("untouched", 2000)))
	whole := write(t, b)
	b[content+1000] ^= 1
	flipped := write(t, b)
	const layer = "backup.filesystem/disk"
	for _, test := range []struct {
		name, file string
		full       bool
		want       int
	}{
		{"whole", whole, true, 0},
		{"flipped, and content is not asked for", flipped, false, 0},
		{"flipped", flipped, true, 1},
	} {
		v, layers := verify(t, test.file, intact.Options{Full: test.full})
		var damage []intact.Damage
		for _, d := range v.Damage {
			if strings.Contains(d.Problem, "checksum") {
				damage = append(damage, d)
			}
		}
		if len(damage) != test.want {
			t.Errorf("%s: %+v", test.name, damage)
			continue
		}
		if test.want == 0 {
			continue
		}
		d := damage[0]
		if len(d.Files) != 1 || d.Files[0].Path != "disk:/untouched" || d.Severity != finding.High || len(d.Extents) != 1 || d.Extents[0].Offset != int64(content) {
			t.Errorf("%s: %+v, want /untouched at %d", test.name, d, content)
		}
		if layers[layer].Status != finding.Fail {
			t.Errorf("%s: %+v", test.name, layers)
		}
	}
}
