package intel

import (
	"bufio"
	"bytes"
	"testing"
)

// fuzz reads inputs in one format: nothing may panic, and what was taken can be written and found again.
func fuzz(f *testing.F, read func(b *builder, f *file) error, seeds ...string) {
	f.Helper()
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		b, err := newBuilder(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		b.most = 100_000
		b.begin("feed", "fuzz")
		if read(b, &file{name: "feed", r: bufio.NewReader(bytes.NewReader(content))}) != nil {
			return
		}
		all := dump(t, compiled(t, b))
		var n int64
		for _, c := range b.meta.Counts {
			n += c
		}
		if int64(len(all)) != n {
			t.Errorf("%d indicators, counted %d", len(all), n)
		}
	})
}

func FuzzList(f *testing.F) {
	fuzz(f, readList, nistMD5+";x\n", nistSHA256+"  name\n", "SHA1 (a) = "+nistSHA1, "evil.example.com\n198.51.100.7\n203.0.113.0/28\n", "http://a.example.com/x\n", "/tmp/*[a-z]\n", "/a/b$;70;/c\n", "# x\n\n;")
}

func FuzzAbuseCSV(f *testing.F) {
	fuzz(f, readAbuseCSV, "# \"ioc_value\",\"ioc_type\",\"x\"\n\"a.example.com\",\"domain\",\"1\"\n", "sha256_hash,md5_hash,signature\n"+nistSHA256+",,x\n", "# id,url,urlhaus_link\n1,http://a.example.com/,x\n")
}

func FuzzAbuseJSON(f *testing.F) {
	fuzz(f, readAbuseJSON, `{"data": [{"ioc": "a.example.com", "ioc_type": "domain", "confidence_level": 7}]}`, `{"1": [{"sha256_hash": "`+nistSHA256+`", "tags": ["x"]}]}`, `[[]]`)
}

func FuzzSTIX(f *testing.F) {
	fuzz(f, readSTIX, `{"objects": [{"type": "indicator", "pattern": "[file:name = 'x' AND file:size = 7]", "valid_from": "2026-01-01T00:00:00Z", "confidence": 7}]}`,
		`[{"type": "file", "hashes": {"MD5": "`+nistMD5+`"}}]`, `{"objects": [{"type": "indicator", "pattern_type": "yara", "pattern": "x"}]}`)
}

func FuzzMISP(f *testing.F) {
	fuzz(f, readMISP, `{"Event": {"info": "x", "Attribute": [{"type": "md5", "value": "`+nistMD5+`", "to_ids": true}]}}`,
		`{"response": [{"Event": {"Object": [{"Attribute": [{"type": "domain|ip", "value": "a.example.com|198.51.100.1", "to_ids": 1}]}]}}]}`)
}

func FuzzOpenIOC(f *testing.F) {
	fuzz(f, readOpenIOC, `<ioc id="1"><Indicator operator="AND"><IndicatorItem condition="is"><Context search="FileItem/Md5sum"/><Content>`+nistMD5+`</Content></IndicatorItem></Indicator></ioc>`,
		`<OpenIOC><criteria><Indicator operator="OR"><IndicatorItem condition="contains" negate="true"><Context search="FileItem/FileName"/><Content>x</Content></IndicatorItem></Indicator></criteria></OpenIOC>`)
}

func FuzzMISPHashes(f *testing.F) {
	fuzz(f, readMISPHashes, nistMD5+",5f6e0000-0000-4000-8000-000000000001\n")
}
