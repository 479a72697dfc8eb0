package guest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxMetadata    = 64 << 10 // bytes of what is kept about a snapshot
	maxDescription = 1024
	maxXMLDepth    = 8
)

// describe fills in what snapper and timeshift keep beside a snapshot. g is the top of its file system.
func (t *Tree) describe(g *Guest) {
	dir, base := path.Split("/" + t.Name)
	switch {
	case base == "snapshot" && strings.HasSuffix(path.Dir(strings.TrimSuffix(dir, "/")), "/.snapshots"):
		t.read(g, dir+"info.xml", readSnapper)
	case strings.Contains("/"+t.Name, "/timeshift-btrfs/snapshots/") || t.Kind == Copy:
		t.read(g, dir+"info.json", readTimeshift)
	}
}

// read tells what a file of metadata says. What is wrong with it is its description: the tree is what it is without it.
func (t *Tree) read(g *Guest, file string, parse func([]byte) (Made, time.Time, error)) {
	b, err := g.ReadFile(file, maxMetadata)
	if err != nil {
		return
	}
	made, at, err := parse(b)
	if err != nil {
		made.Description = path.Base(file) + ": " + err.Error()
	}
	made.Description = cut(made.Description)
	if t.Made = made; t.Created.IsZero() {
		t.Created = at
	}
}

func cut(text string) string {
	if len(text) > maxDescription {
		return text[:maxDescription] + "…"
	}
	return text
}

// readSnapper reads the info.xml of a snapshot of snapper(8).
func readSnapper(b []byte) (made Made, at time.Time, err error) {
	made.By = "snapper"
	d := xml.NewDecoder(bytes.NewReader(b))
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return made, at, nil
		}
		if err != nil {
			return made, at, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if open = append(open, token.Name.Local); len(open) > maxXMLDepth {
				return made, at, binread.Limit("elements more than %d deep", maxXMLDepth)
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) != 2 || open[0] != "snapshot" {
				continue
			}
			switch text := string(token); open[1] {
			case "type":
				made.Type = cut(text)
			case "description":
				made.Description = cut(made.Description + text)
			case "date":
				at, _ = time.Parse(time.DateTime, text) // UTC, as snapper writes it; another is not known
			}
		}
	}
}

// readTimeshift reads the info.json of a snapshot of timeshift, which writes every value as a text.
func readTimeshift(b []byte) (made Made, at time.Time, err error) {
	made.By = "timeshift"
	var info struct{ Created, Tags, Comments string }
	if err := json.Unmarshal(b, &info); err != nil {
		return made, at, err
	}
	made.Type, made.Description = cut(strings.TrimSpace(info.Tags)), info.Comments
	if n, err := strconv.ParseInt(info.Created, 10, 64); err == nil {
		at = time.Unix(n, 0).UTC()
	}
	return made, at, nil
}
