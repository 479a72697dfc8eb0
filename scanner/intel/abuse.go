package intel

import (
	"strconv"
	"strings"
)

// row is one entry of a feed of abuse.ch: the value of a column, or "".
type row func(column string) string

// or is the value of the first column that has one.
func (r row) or(columns ...string) string {
	for _, c := range columns {
		if v := strings.TrimSpace(r(c)); v != "" && !strings.EqualFold(v, "n/a") && !strings.EqualFold(v, "none") {
			return v
		}
	}
	return ""
}

// addRow takes what one entry of ThreatFox, MalwareBazaar, URLhaus or Feodo Tracker tells.
func (b *builder) addRow(r row) error {
	switch {
	case r.or("ioc_value", "ioc") != "":
		return b.addThreatFox(r)
	case r.or("sha256_hash", "sha1_hash", "md5_hash") != "":
		return b.addSample(r)
	case r.or("url") != "":
		return b.addTyped("url", r.or("url"), Info{Label: r.or("threat", "tags"), Reference: r.or("urlhaus_link", "urlhaus_reference")})
	case r.or("dst_ip", "ip_address") != "":
		return b.addTyped("ip:port", r.or("dst_ip", "ip_address"), Info{Label: r.or("malware")})
	}
	b.unused("abuse.ch: entry without an indicator")
	return nil
}

func (b *builder) addThreatFox(r row) error {
	info := Info{Label: r.or("malware_printable", "malware", "threat_type"), Reference: r.or("reference", "malware_malpedia")}
	if n, err := strconv.Atoi(r.or("confidence_level")); err == nil {
		info.Score = max(n, 1)
	}
	return b.addTyped(r.or("ioc_type"), r.or("ioc_value", "ioc"), info)
}

// addTyped takes a value of which the feed says what it is.
func (b *builder) addTyped(kind, value string, info Info) error {
	want := map[string][]Kind{
		"md5_hash": {MD5}, "sha1_hash": {SHA1}, "sha256_hash": {SHA256}, "sha512_hash": {SHA512},
		"domain": {Domain}, "url": {URL}, "ip:port": {Address, Network}, "ip": {Address, Network},
	}[kind]
	t, ok := termOf(value)
	for _, k := range want {
		if ok && t.Kind == k {
			return b.add(Indicator{t, info})
		}
	}
	if want == nil {
		b.unused("abuse.ch: " + word(kind))
	} else {
		b.unused("abuse.ch: value that is no " + kind)
	}
	return nil
}

// addSample takes a file, by the strongest of its digests.
func (b *builder) addSample(r row) error {
	var sums []Term
	for _, column := range []string{"sha256_hash", "sha1_hash", "md5_hash"} {
		if t, ok := digestTerm(r.or(column)); ok {
			sums = append(sums, t)
		}
	}
	t, ok := strongest(sums)
	if !ok {
		b.unused("abuse.ch: value that is no digest")
		return nil
	}
	return b.add(Indicator{t, Info{Label: r.or("signature", "malware"), Reference: r.or("reference")}})
}
