package evidence

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/audit"
)

// signed is evidence about debian12-small.qcow2 that openssl.key signed.
func signed(t testing.TB) ([]byte, *audit.Result) {
	t.Helper()
	r := judged(t, debian)
	b, err := private(t, "openssl.key").Sign(stated(t, r))
	if err != nil {
		t.Fatal(err)
	}
	return b, r
}

// TestSignaturesAreThoseOfOpenssl has a signature that openssl made over bytes that a shell put together: ed25519 signs the same bytes
// in one way only.
func TestSignaturesAreThoseOfOpenssl(t *testing.T) {
	b, _ := signed(t)
	var e Envelope
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	if want := string(fixture(t, "payload.sig")); len(e.Signatures) != 1 || e.Signatures[0].Sig != want {
		t.Errorf("signatures %v, want %s", e.Signatures, want)
	}
	if again, _ := signed(t); !bytes.Equal(b, again) {
		t.Error("the same inputs gave other bytes")
	}
}

// forged is an envelope that is changed before it is read.
type forged map[string]any

func (f forged) bytes(t *testing.T) []byte {
	t.Helper()
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (f forged) signature(i int) map[string]any {
	list, _ := f["signatures"].([]any)
	s, _ := list[i].(map[string]any)
	return s
}

// resigned is an envelope with another payload, signed by the trusted key.
func resigned(t *testing.T, payloadType, payload string) []byte {
	t.Helper()
	k := private(t, "openssl.key")
	sig := ed25519.Sign(k.key, pae(payloadType, []byte(payload)))
	return forged{
		"payloadType": payloadType, "payload": base64.StdEncoding.EncodeToString([]byte(payload)),
		"signatures": []any{map[string]any{"keyid": "", "sig": base64.StdEncoding.EncodeToString(sig)}},
	}.bytes(t)
}

func TestHostileEnvelopes(t *testing.T) {
	good, _ := signed(t)
	trusted, err := Trust("testdata/openssl.pem")
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := private(t, "ssh.key").Sign(stated(t, judged(t, debian)))
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(f forged)) []byte {
		var f forged
		if err := json.Unmarshal(good, &f); err != nil {
			t.Fatal(err)
		}
		change(f)
		return f.bytes(t)
	}
	foreign := func() map[string]any {
		var f forged
		if err := json.Unmarshal(stranger, &f); err != nil {
			t.Fatal(err)
		}
		return f.signature(0)
	}
	payload := string(fixture(t, "payload.json"))
	for name, c := range map[string]struct {
		b    []byte
		kind error // nil: it is believed
		want string
	}{
		"as it is":                             {good, nil, ""},
		"white space around it":                {append([]byte(" \n"), append(bytes.Clone(good), ' ', '\n')...), nil, ""},
		"a stranger signed it, too, first":     {with(func(f forged) { f["signatures"] = []any{foreign(), f.signature(0)} }), nil, ""},
		"a hint on another key":                {with(func(f forged) { f.signature(0)["keyid"] = "SHA256:other" }), nil, ""},
		"no hint":                              {with(func(f forged) { delete(f.signature(0), "keyid") }), nil, ""},
		"the other alphabet of base64":         {with(func(f forged) { f.signature(0)["sig"] = urlSafe(f.signature(0)["sig"]) }), nil, ""},
		"a stranger signed it":                 {stranger, ErrRefused, "no key of the trust list"},
		"a stranger with the hint of a friend": {with(func(f forged) { f.signature(0)["sig"] = foreign()["sig"] }), ErrRefused, "no key of the trust list"},
		"unsigned":                             {with(func(f forged) { f["signatures"] = []any{} }), ErrRefused, "nobody signed it"},
		"no signatures at all":                 {with(func(f forged) { delete(f, "signatures") }), ErrRefused, "nobody signed it"},
		"signatures are null":                  {with(func(f forged) { f["signatures"] = nil }), ErrRefused, "nobody signed it"},
		"an empty signature":                   {with(func(f forged) { f.signature(0)["sig"] = "" }), ErrRefused, "no key of the trust list"},
		"a signature that is cut":              {with(func(f forged) { f.signature(0)["sig"] = "AAAA" }), ErrRefused, "no key of the trust list"},
		"a key beside the signature":           {with(func(f forged) { f.signature(0)["publicKey"] = "MCowBQYDK2VwAyEA" }), ErrRefused, `brings "publicKey" along`},
		"a certificate beside the signature":   {with(func(f forged) { f.signature(0)["cert"] = "-----BEGIN" }), ErrRefused, `brings "cert" along`},
		"a key beside the payload":             {with(func(f forged) { f["publicKey"] = "x" }), ErrRefused, `brings "publicKey" along`},
		"a bundle of another kind":             {[]byte(`{"mediaType":"x","verificationMaterial":{},"dsseEnvelope":{}}`), ErrRefused, "dsseEnvelope"},
		"another type":                         {with(func(f forged) { f["payloadType"] = "application/json" }), ErrRefused, "no key of the trust list"},
		"another type, signed":                 {resigned(t, "application/json", payload), ErrRefused, `of type "application/json"`},
		"another statement, signed":            {resigned(t, PayloadType, strings.Replace(payload, "Statement/v1", "Statement/v0.1", 1)), ErrRefused, "Statement/v0.1"},
		"another predicate, signed":            {resigned(t, PayloadType, strings.Replace(payload, "verdict/v1", "verdict/v2", 1)), ErrRefused, "verdict/v2"},
		"signed nonsense":                      {resigned(t, PayloadType, "hello"), ErrForm, "payload"},
		"signed, a name twice":                 {resigned(t, PayloadType, strings.Replace(payload, `"_type"`, `"_type":"x","_type"`, 1)), ErrForm, `"_type" is there twice`},
		"a changed payload": {with(func(f forged) {
			f["payload"] = base64.StdEncoding.EncodeToString([]byte(strings.Replace(payload, `"fail"`, `"pass"`, 1)))
		}), ErrRefused, "no key of the trust list"},
		"a payload that is not base64":  {with(func(f forged) { f["payload"] = "{}" }), ErrForm, "not base64"},
		"a payload that is no text":     {with(func(f forged) { f["payload"] = 7 }), ErrForm, "cannot unmarshal"},
		"two payloads":                  {bytes.Replace(good, []byte(`"payload":`), []byte(`"payload":"e30=","payload":`), 1), ErrForm, `"payload" is there twice`},
		"two payloads, one in capitals": {bytes.Replace(good, []byte(`"payload":`), []byte(`"PAYLOAD":"e30=","payload":`), 1), ErrForm, `"payload" is there twice`},
		"names in capitals":             {bytes.Replace(good, []byte(`"payload":`), []byte(`"PAYLOAD":`), 1), ErrRefused, `brings "PAYLOAD" along`},
		"two envelopes":                 {bytes.Repeat(good, 2), ErrForm, "behind its end"},
		"too many signatures":           {with(func(f forged) { f["signatures"] = many(f.signature(0), 17) }), ErrForm, "17 signatures"},
		"cut off":                       {good[:len(good)/2], ErrForm, ""},
		"nothing":                       {nil, ErrForm, ""},
		"null":                          {[]byte("null"), ErrRefused, "nobody signed it"},
		"a list":                        {[]byte("[]"), ErrForm, ""},
		"deep":                          {[]byte(strings.Repeat("[", 100000)), ErrForm, "deep"},
		"not UTF-8":                     {[]byte("{\"\xff\":1}"), ErrForm, "not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Read(c.b)
			var key Key
			var s *Statement
			if err == nil {
				s, key, err = e.Verify(trusted)
			}
			switch {
			case c.kind == nil && err != nil:
				t.Errorf("refused: %v", err)
			case c.kind == nil && (key.ID != trusted[0].ID || s.Predicate.Command != "check-compliance"):
				t.Errorf("signed by %s, want %s", key.ID, trusted[0].ID)
			case c.kind != nil && (!errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %v with %q", err, c.kind, c.want)
			}
		})
	}
}

func urlSafe(s any) string {
	text, _ := s.(string)
	return strings.NewReplacer("+", "-", "/", "_").Replace(text)
}

func many(s any, n int) []any {
	all := make([]any, n)
	for i := range all {
		all[i] = s
	}
	return all
}

// FuzzEnvelope: whatever is read, nothing is believed that is not what the trusted key signed.
func FuzzEnvelope(f *testing.F) {
	good, _ := signed(f)
	trusted, err := Trust("testdata/openssl.pem")
	if err != nil {
		f.Fatal(err)
	}
	payload := fixture(f, "payload.json")
	f.Add(good)
	f.Add([]byte(`{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"sig":""}]}`))
	f.Add([]byte(`{"payload":"e30","PAYLOAD":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Read(b)
		if err != nil {
			if !errors.Is(err, ErrForm) && !errors.Is(err, ErrRefused) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		if s, err := e.Unverified(); err == nil {
			s.Hold(Want{Files: []audit.HostFile{{SHA256: "x"}}, MaxAge: time.Hour, Now: day})
		}
		if _, _, err := e.Verify(trusted); err == nil && !bytes.Equal(e.payload, payload) {
			t.Errorf("believed: %s", e.payload)
		}
	})
}
