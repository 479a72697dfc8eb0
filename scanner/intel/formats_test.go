package intel

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// seen is an indicator in one line: kind, value, score, label, reference, and what must hold beside it.
func seen(i Indicator) string {
	s := fmt.Sprintf("%s:%s %d", i.Kind, i.Value, i.Score)
	if i.Label != "" {
		s += " " + i.Label
	}
	if i.Reference != "" {
		s += " <" + i.Reference + ">"
	}
	for _, t := range i.And {
		s += fmt.Sprintf(" and %t %s:%s", !t.Not, t.Kind, t.Value)
	}
	return s
}

func allSeen(is []Indicator) (all []string) {
	for _, i := range is {
		all = append(all, seen(i))
	}
	return all
}

type feedCase struct {
	name, content string
	want          []string
	unused        map[string]int
}

func read(t *testing.T, cases []feedCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, unused, err := parse(t, "feed", c.content, false)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "indicators", allSeen(got), c.want)
			if c.unused == nil {
				c.unused = map[string]int{}
			}
			same(t, "unused", unused, c.unused)
		})
	}
}

func TestLists(t *testing.T) {
	read(t, []feedCase{
		{
			"digests of each length", nistMD5 + "\n" + strings.ToUpper(nistSHA1) + "\r\n" + nistSHA256 + "\n" + nistSHA512,
			[]string{"sha256:" + nistSHA256 + " 75", "sha512:" + nistSHA512 + " 75", "sha1:" + nistSHA1 + " 75", "md5:" + nistMD5 + " 75"},
			nil,
		},
		{"comments", "# one\n; two\n// three\n\n" + nistMD5 + ";Family of 2026", []string{"md5:" + nistMD5 + " 75 Family of 2026"}, nil},
		{"output of sha256sum", nistSHA256 + "  a file\n" + nistMD5 + " *b\n", []string{"sha256:" + nistSHA256 + " 75 a file", "md5:" + nistMD5 + " 75 b"}, nil},
		{"output of sha1sum --tag", "SHA1 (a file) = " + nistSHA1 + "\n", []string{"sha1:" + nistSHA1 + " 75 a file"}, nil},
		{
			"addresses", "Evil.Example.com.\n198.51.100.7\n198.51.100.8:8080\n203.0.113.16/28\n203.0.113.9/32\n2001:DB8:0::1\nhttp://evil.example.com/a?b=c\n*.wild.example.com\n",
			[]string{
				"domain:evil.example.com 60", "domain:wild.example.com 60", "address:198.51.100.7 60", "address:198.51.100.8 60",
				"address:2001:db8::1 60", "address:203.0.113.9 60", "network:203.0.113.16/28 60", "url:http://evil.example.com/a?b=c 60",
			},
			nil,
		},
		{
			"what people do to addresses", "evil[.]example(.)com\nhxxps://evil[.]example.com/x\n198.51.100[.]7\n",
			[]string{"domain:evil.example.com 60", "address:198.51.100.7 60", "url:https://evil.example.com/x 60"},
			nil,
		},
		{
			"paths", "/tmp/.x/miner\n/dev/shm/*.so\n/usr/local/.hidden/\n",
			[]string{"path:/tmp/.x/miner 50", "directory:/usr/local/.hidden 50", "glob:/dev/shm/*.so 50"},
			nil,
		},
		{
			"regular expressions with scores", "# Miners\n/tmp/min[a-z]{2};80\n# Webshells\n\\.php\\.jpg$;65;^/usr/share/\n" + nistMD5,
			[]string{"md5:" + nistMD5 + " 75", "regexp:/tmp/min[a-z]{2} 80 Miners", `regexp:\.php\.jpg$ 65 Webshells and false regexp:^/usr/share/`},
			nil,
		},
		{
			"what is nothing", nistMD5 + "\nwhat is this\n1.2.3\nlocalhost\n" + nistMD5[:31] + "\n",
			[]string{"md5:" + nistMD5 + " 75"},
			map[string]int{"list: line that is no indicator": 4},
		},
		{
			"expressions of other engines", nistMD5 + "\n(?<=a)b;70\n(((a{100}){100}){100});70\n(abcdefgh){1000};70\n.*;70\n",
			[]string{"md5:" + nistMD5 + " 75"},
			map[string]int{"list: regular expression that RE2 does not know": 2, "list: regular expression that is too large": 1, "list: regular expression that matches everything": 1},
		},
		{
			"digests of nothing", nistMD5 + "\nd41d8cd98f00b204e9800998ecf8427e\nda39a3ee5e6b4b0d3255bfef95601890afd80709\n" +
				"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\na94a8fe5ccb19ba61c4c0873d391e987982fbbd3\n",
			[]string{"md5:" + nistMD5 + " 75"},
			map[string]int{"left out: digest of an empty or worthless file": 4},
		},
		{
			"what every system names", nistMD5 + "\ndeb.debian.org\ndebian.org\nnotdebian.org\n127.0.0.1\n8.8.8.8\n0.0.0.0/0\n10.0.0.0/8\n::1\n",
			[]string{"md5:" + nistMD5 + " 75", "domain:notdebian.org 60"},
			map[string]int{"left out: domain that every system names": 2, "left out: address that every system names": 3, "left out: network that is too wide or reserved": 2},
		},
	})
}

func TestAbuseCH(t *testing.T) {
	read(t, []feedCase{
		{"MalwareBazaar, CSV with its names in a comment", `################
# "first_seen_utc","sha256_hash","md5_hash","sha1_hash","reporter","file_name","signature"
"2026-01-01 10:00:00", "` + nistSHA256 + `", "` + nistMD5 + `", "` + nistSHA1 + `", "someone", "a ""quoted"" name", "Mirai"
"2026-01-01 10:00:00", "n/a", "n/a", "n/a", "someone", "x", "n/a"
"2026-01-01"
# Number of entries: 2
`, []string{"sha256:" + nistSHA256 + " 75 Mirai"}, map[string]int{"abuse.ch: entry without an indicator": 1, "abuse.ch: row with another number of columns": 1}},
		{
			"ThreatFox, CSV", `# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","malware_printable","confidence_level","reference"
"2026-01-01 10:00:00", "1", "198.51.100.7:443", "ip:port", "botnet_cc", "Cobalt", "100", "https://ref.example.com/1"
"2026-01-01 10:00:00", "2", "c2.example.com", "domain", "botnet_cc", "Cobalt", "50", "None"
"2026-01-01 10:00:00", "3", "http://c2.example.com/p.sh", "url", "payload_delivery", "Cobalt", "75", ""
"2026-01-01 10:00:00", "4", "` + nistMD5 + `", "md5_hash", "payload", "Cobalt", "75", ""
"2026-01-01 10:00:00", "5", "aa", "sha3_384_hash", "payload", "Cobalt", "75", ""
"2026-01-01 10:00:00", "6", "no.example.com", "md5_hash", "payload", "Cobalt", "75", ""
`,
			[]string{"md5:" + nistMD5 + " 75 Cobalt", "domain:c2.example.com 50 Cobalt", "address:198.51.100.7 100 Cobalt <https://ref.example.com/1>", "url:http://c2.example.com/p.sh 75 Cobalt"},
			map[string]int{"abuse.ch: sha3_384_hash": 1, "abuse.ch: value that is no md5_hash": 1},
		},
		{"URLhaus, CSV", `# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter
"1","2026-01-01 10:00:00","http://198.51.100.9/x.sh","online","","malware_download","elf","https://urlhaus.example.com/url/1/","someone"
`, []string{"url:http://198.51.100.9/x.sh 60 malware_download <https://urlhaus.example.com/url/1/>"}, nil},
		{"Feodo Tracker, CSV with its names in the first row", `# comment
"first_seen_utc","dst_ip","dst_port","c2_status","malware"
"2026-01-01 10:00:00","198.51.100.10","443","online","Emotet"
`, []string{"address:198.51.100.10 60 Emotet"}, nil},
		{
			"ThreatFox, export in JSON", `{"12": [{"ioc_value": "c2.example.com", "ioc_type": "domain", "malware_printable": "Cobalt", "confidence_level": 90, "tags": "a,b"}],
			"13": [{"ioc_value": "` + nistSHA256 + `", "ioc_type": "sha256_hash", "malware_printable": "X", "confidence_level": "30", "reference": "https://ref.example.com"}]}`,
			[]string{"sha256:" + nistSHA256 + " 30 X <https://ref.example.com>", "domain:c2.example.com 90 Cobalt"},
			nil,
		},
		{
			"ThreatFox, answer", `{"query_status": "ok", "data": [{"ioc": "198.51.100.1:80", "ioc_type": "ip:port", "malware": "elf.mirai", "confidence_level": 100, "tags": ["a"]}, 7]}`,
			[]string{"address:198.51.100.1 100 elf.mirai"},
			map[string]int{"abuse.ch: entry that is no object": 1},
		},
		{
			"MalwareBazaar, answer", `{"query_status": "ok", "data": [{"sha1_hash": "` + nistSHA1 + `", "sha256_hash": null, "signature": "Mirai", "tags": null}]}`,
			[]string{"sha1:" + nistSHA1 + " 75 Mirai"},
			nil,
		},
	})
}

func TestSTIX(t *testing.T) {
	indicator := func(more string) string {
		return `{"type": "bundle", "id": "bundle--1", "objects": [{"type": "identity", "name": "us"}, {"type": "indicator", "spec_version": "2.1", "name": "Bad", ` + more + `}]}`
	}
	read(t, []feedCase{
		{"an indicator", indicator(`"pattern_type": "stix", "pattern": "[file:hashes.MD5 = '` + nistMD5 + `']", "confidence": 85,
			"external_references": [{"source_name": "x"}, {"url": "https://ref.example.com"}]`), []string{"md5:" + nistMD5 + " 85 Bad <https://ref.example.com>"}, nil},
		{
			"a page of TAXII", `{"more": false, "objects": [{"type": "indicator", "pattern": "[domain-name:value = 'evil.example.com']", "indicator_types": ["malicious-activity"]}]}`,
			[]string{"domain:evil.example.com 60 malicious-activity"},
			nil,
		},
		{
			"objects alone", `[{"type": "indicator", "pattern_type": "stix", "pattern": "[ipv4-addr:value = '198.51.100.0/24' OR ipv6-addr:value = '2001:db8::5']"}]`,
			[]string{"address:2001:db8::5 60"},
			map[string]int{"left out: network that is too wide or reserved": 1},
		},
		{"YARA", indicator(`"pattern_type": "yara", "pattern": "rule a { condition: true }"`), []string{"yara:rule a { condition: true } 50 Bad"}, nil},
		{"other languages", indicator(`"pattern_type": "sigma", "pattern": "x"`), nil, map[string]int{"stix: pattern of type sigma": 1}},
		{"revoked", indicator(`"pattern": "[file:name = 'x']", "revoked": true`), nil, map[string]int{"stix: revoked": 1}},
		{
			"a file of its own", `{"objects": [{"type": "file", "spec_version": "2.1", "hashes": {"MD5": "` + nistMD5 + `", "SHA-256": "` + nistSHA256 + `", "SSDEEP": "3:x"}}]}`,
			[]string{"sha256:" + nistSHA256 + " 75"},
			nil,
		},
		{
			"objects of other types", `{"objects": [{"type": "domain-name", "value": "x.example.com"}, {"type": "file", "name": "x"}, {"type": "x-ä"}, {"type": 7}]}`, nil,
			map[string]int{"stix: object of type domain-name": 1, "stix: file without a digest": 1, "stix: object of type something else": 1, "stix: object with a value of the wrong type": 1},
		},
		{"a pattern with a mistake", indicator(`"pattern": "[file:name = ]"`), nil, map[string]int{"stix: pattern with a mistake": 1}},
		{"a time that is none", indicator(`"pattern": "[file:name = 'x']", "valid_until": "tomorrow"`), nil, map[string]int{"stix: time that is none": 1}},
		{"several observations", indicator(`"pattern": "[file:name = 'x'] FOLLOWEDBY [file:name = 'y']"`), nil, map[string]int{"stix: FOLLOWEDBY": 1}},
	})
}

func TestMISP(t *testing.T) {
	read(t, []feedCase{
		{"an event whose title comes last", `{"Event": {"uuid": "5f6e0000-0000-4000-8000-000000000001", "Attribute": [
			{"type": "md5", "value": "` + nistMD5 + `", "to_ids": true},
			{"type": "filename|sha256", "value": "a.elf|` + nistSHA256 + `", "to_ids": "1", "comment": "dropper"},
			{"type": "domain|ip", "value": "c2.example.com|198.51.100.3", "to_ids": 1},
			{"type": "ip-dst|port", "value": "198.51.100.4|80", "to_ids": true},
			{"type": "url", "value": "http://c2.example.com/x", "to_ids": true},
			{"type": "filename", "value": ".hidden", "to_ids": true},
			{"type": "filename", "value": "C:\\x.exe", "to_ids": true},
			{"type": "yara", "value": "rule a { condition: true }", "to_ids": true},
			{"type": "email-src", "value": "a@example.com", "to_ids": true},
			{"type": "hostname", "value": "not a host", "to_ids": true},
			{"type": "hostname", "value": "seen.example.com", "to_ids": false},
			{"type": "hostname", "value": "old.example.com", "to_ids": true, "deleted": true},
			{"type": 7}
			], "info": "Campaign"}}`, []string{
			"sha256:" + nistSHA256 + " 75 dropper <misp event 5f6e0000-0000-4000-8000-000000000001>",
			"md5:" + nistMD5 + " 75 Campaign <misp event 5f6e0000-0000-4000-8000-000000000001>",
			"name:.hidden 50 Campaign <misp event 5f6e0000-0000-4000-8000-000000000001>",
			"domain:c2.example.com 60 Campaign <misp event 5f6e0000-0000-4000-8000-000000000001>",
			"address:198.51.100.3 60 Campaign <misp event 5f6e0000-0000-4000-8000-000000000001>",
			"address:198.51.100.4 60 Campaign <misp event 5f6e0000-0000-4000-8000-000000000001>",
			"url:http://c2.example.com/x 60 Campaign <misp event 5f6e0000-0000-4000-8000-000000000001>",
			"yara:rule a { condition: true } 50 Campaign <misp event 5f6e0000-0000-4000-8000-000000000001>",
		}, map[string]int{
			"misp: path of Windows": 1, "misp: attribute of type email-src": 1, "misp: value that is no hostname": 1,
			"misp: not for detection (to_ids)": 1, "misp: deleted": 1, "misp: attribute with a value of the wrong type": 1,
		}},
		{
			"an object with several digests of one file", `{"response": [{"Event": {"info": "E", "Object": [{"name": "file", "Attribute": [
			{"type": "md5", "value": "` + nistMD5 + `", "to_ids": true}, {"type": "sha1", "value": "` + nistSHA1 + `", "to_ids": true}]}]}}]}`,
			[]string{"sha1:" + nistSHA1 + " 75 E"},
			nil,
		},
		{"attributes alone", `{"response": {"Attribute": [{"type": "sha512", "value": "` + nistSHA512 + `", "to_ids": true}]}}`, []string{"sha512:" + nistSHA512 + " 75"}, nil},
		{"the list of digests of values", nistMD5 + ",5f6e0000-0000-4000-8000-000000000001\n", nil, map[string]int{"misp: hashes.csv without its events": 1}},
	})
}

func TestOpenIOC(t *testing.T) {
	ioc := func(body string) string {
		return `<?xml version="1.0"?><OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="7"><metadata><short_description>Bad &amp; worse</short_description></metadata><criteria>` + body + `</criteria></OpenIOC>`
	}
	item := func(condition, search, content string) string {
		return `<IndicatorItem ` + condition + `><Context document="FileItem" search="` + search + `" type="mir"/><Content type="string">` + content + `</Content></IndicatorItem>`
	}
	const is = `condition="is"`
	read(t, []feedCase{
		{
			"a tree of OR", ioc(`<Indicator operator="OR">` + item(is, "FileItem/Md5sum", nistMD5) + `<Indicator operator="OR">` + item(is, "FileItem/FileName", "evil.so") +
				item(`condition="contains"`, "FileItem/FullPath", "/tmp/.x/") + item(is, "Network/DNS", "evil.example.com") + `</Indicator></Indicator>`),
			[]string{"md5:" + nistMD5 + " 75 Bad & worse <openioc 7>", "name:evil.so 50 Bad & worse <openioc 7>", `regexp:/tmp/\.x/ 50 Bad & worse <openioc 7>`, "domain:evil.example.com 60 Bad & worse <openioc 7>"},
			nil,
		},
		{
			"a digest and a size", ioc(`<Indicator operator="OR"><Indicator operator="AND">` + item(is, "FileItem/SizeInBytes", "56") + item(is, "FileItem/Sha256sum", nistSHA256) +
				item(`condition="is" negate="true"`, "FileItem/FileName", "good") + `</Indicator></Indicator>`),
			[]string{"sha256:" + nistSHA256 + " 75 Bad & worse <openioc 7> and true size:56 and false name:good"},
			nil,
		},
		{"version 1.0", `<?xml version='1.0' encoding='us-ascii'?><ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="8"><definition><Indicator operator="AND">` + item(is, "FileItem/Md5sum", nistMD5) +
			item(`condition="isnot"`, "FileItem/FileName", "x") + `</Indicator></definition></ioc>`, []string{"md5:" + nistMD5 + " 75 <openioc 8> and false name:x"}, nil},
		{
			"what a disk does not tell", ioc(`<Indicator operator="OR">` + item(is, "ProcessItem/name", "x") + `<Indicator operator="AND">` + item(is, "ServiceItem/name", "x") + item(is, "FileItem/FileName", "y") + `</Indicator>` +
				item(is, "FileItem/FullPath", `C:\x`) + item(is, "FileItem/Md5sum", "x") + item(`condition="greater-than"`, "FileItem/SizeInBytes", "7") + item(is, "FileItem/SizeInBytes", "7") + `</Indicator>`), nil,
			map[string]int{
				"openioc: processitem/name is": 1, "openioc: serviceitem/name is": 1, "openioc: path of Windows": 1,
				"openioc: fileitem/md5sum with a value that is none": 1, "openioc: fileitem/sizeinbytes greater-than": 1, "openioc: nothing but sizes and negations": 1,
			},
		},
	})
}

func TestFeedsWithFaultsNameThePlace(t *testing.T) {
	deep := func(open, end string) string { return strings.Repeat(open, 100) + strings.Repeat(end, 100) }
	for _, c := range []struct{ name, content, want string }{
		{"binary", "\x7fELF\x00\x00", "feed: no feed in a known format"},
		{"words", "this is\na text\n", "feed: no feed in a known format"},
		{"a line without an end", nistMD5 + "\n" + strings.Repeat("x", maxLine+1), "feed:2: a line of more than 65536 bytes"},
		{"JSON that breaks off", `{"objects": [{"type": "indicator"`, "feed: at byte 13: the file ends in the middle of a value"},
		{"JSON with a mistake", `{"objects": [{"type": "indicator"},, ]}`, "feed: at byte 35: invalid character ','"},
		{"JSON that goes on", `{"objects": []} {"objects": []}`, "something stands after the last value"},
		{"objects that are none", `{"objects": 7}`, `"objects" is no array`},
		{"JSON too deep", `{"spec_version": ` + deep("[", "]") + `}`, "values more than 64 levels deep"},
		{"a MISP event too deep", `{"Event": ` + deep(`{"Event":`, "}"), "values more than 64 levels deep"},
		{"an object too large", `{"objects": [{"type": "` + strings.Repeat("x", maxObject+1<<17) + `"}]}`, "an object or row that is too large"},
		{"a row that never ends", "# \"a\",\"b\",\"ioc_value\"\n\"" + strings.Repeat("x\n", maxRow), "feed: after line 1: an object or row that is too large"},
		{"rows without names", "# nothing\nx,y,z\n# a,b,ioc_value\n", "feed:2: no line names the columns"},
		{"XML with a document type", `<!DOCTYPE ioc [<!ENTITY a "aaaa">]><ioc></ioc>`, "feed:1: a document type, want none"},
		{"XML with an entity", "<ioc>\n&a;</ioc>", "feed:2: XML syntax error on line 2: invalid character entity &a;"},
		{"XML in another encoding", `<?xml version="1.0" encoding="utf-7"?><ioc></ioc>`, `feed:1: xml: opening charset "utf-7": encoding "utf-7", want UTF-8 or US-ASCII`},
		{"XML too deep", "<ioc>" + deep("<Indicator>", "</Indicator>") + "</ioc>", "elements more than 64 levels deep"},
		{"XML that breaks off", "<ioc><Indicator>", "feed:1: XML syntax error on line 1: unexpected EOF"},
		{"XML with a product of alternatives", "<ioc><Indicator operator=\"AND\">" + strings.Repeat("<Indicator operator=\"OR\">"+strings.Repeat(
			`<IndicatorItem condition="is"><Context search="FileItem/FileName"/><Content>x</Content></IndicatorItem>`, 20)+"</Indicator>", 5) + "</Indicator></ioc>", "more than 256 alternatives"},
		{"a list of known files", sqliteMagic + "rest", "a list of known files, want one of malicious ones"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := parse(t, "feed", c.content, false)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestFeedsInWhichNothingIsLookedFor loads what is a feed, and would find nothing.
func TestFeedsInWhichNothingIsLookedFor(t *testing.T) {
	expired := `{"objects": [{"type": "indicator", "pattern_type": "stix", "pattern": "[file:name = 'x']", "valid_until": "2020-01-01T00:00:00Z"}]}`
	for name, c := range map[string]struct{ path, want string }{
		"an empty folder": {t.TempDir(), ": no indicator in it that can be used"},
		"all expired":     {write(t, "old.json", expired), "old.json: no indicator in it that can be used: left out: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(t.Context(), []string{c.path}, Options{Now: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestFoldersAreReadByName(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"b.txt": "b.example.com\n", "a.txt": "a.example.com\n", "sub/c.txt": "c.example.com\n", ".hidden": "h.example.com\n", "README.md": "some words\n",
		"misp/manifest.json":                             `{"5f6e0000-0000-4000-8000-000000000001": {"info": "E"}, "5f6e0000-0000-4000-8000-000000000002": {}}`,
		"misp/5f6e0000-0000-4000-8000-000000000001.json": `{"Event": {"info": "E", "Attribute": [{"type": "domain", "value": "m.example.com", "to_ids": true}]}}`,
		"misp/hashes.csv":                                nistMD5 + ",5f6e0000-0000-4000-8000-000000000001\n",
		"misp/other.json":                                `{"Event": {}}`,
	} {
		if err := os.MkdirAll(dir+"/feeds/sub", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir+"/feeds/misp", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/feeds/"+name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/hosts", dir+"/feeds/link.txt"); err != nil {
		t.Fatal(err)
	}
	e := load(t, Options{}, dir+"/feeds")
	var names []string
	for _, s := range e.Sources() {
		names = append(names, s.Name)
	}
	same(t, "sources", names, []string{"feeds/a.txt", "feeds/b.txt", "feeds/misp/5f6e0000-0000-4000-8000-000000000001.json", "feeds/sub/c.txt"})
	same(t, "unused", e.Describe().Unused, map[string]int{"file that is no feed": 1, "misp: event of the manifest that is not there": 1})
	if e = load(t, Options{}, dir+"/feeds/misp/manifest.json"); e.Describe().Rules != 1 {
		t.Errorf("a manifest alone: %d indicators, want 1", e.Describe().Rules)
	}
	if _, err := Load(t.Context(), []string{dir + "/none"}, Options{}); err == nil {
		t.Error("a feed that is not there: no error")
	}
}
