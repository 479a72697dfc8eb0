package engine_test

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/hive"
	"github.com/guestctl/guestctl/engine/registry"
)

const windowsImage = images + "windows2022-small.qcow2"

func openWindows(t *testing.T) *engine.Machine {
	t.Helper()
	m, err := engine.Open(t.Context(), []string{windowsImage}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if len(m.Guests) != 1 {
		t.Fatalf("%d guests, want 1", len(m.Guests))
	}
	return m
}

// hivexNode is a key as hivexml writes it.
type hivexNode struct {
	Name   string `xml:"name,attr"`
	Values []struct {
		Key      string   `xml:"key,attr"`
		Default  string   `xml:"default,attr"`
		Type     string   `xml:"type,attr"`
		Value    string   `xml:"value,attr"`
		Encoding string   `xml:"encoding,attr"`
		Strings  []string `xml:"string"`
	} `xml:"value"`
	Nodes []hivexNode `xml:"node"`
}

// TestHivesOfTheImage holds every value of every hive against what hivexml read in them.
func TestHivesOfTheImage(t *testing.T) {
	r, err := registry.New(openWindows(t).Guests[0])
	if err != nil {
		t.Fatal(err)
	}
	const administrator = `HKU\S-1-5-21-1000000001-1000000002-1000000003-500`
	for name, mount := range map[string]string{
		"SYSTEM": `HKLM\SYSTEM`, "SOFTWARE": `HKLM\SOFTWARE`, "SAM": `HKLM\SAM`, "SECURITY": `HKLM\SECURITY`, "DEFAULT": `HKU\.DEFAULT`, "NTUSER": administrator,
	} {
		f, err := os.Open(images + "windows2022-small.truth/" + name + ".xml.gz")
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		var truth struct {
			Node hivexNode `xml:"node"`
		}
		if err := xml.NewDecoder(z).Decode(&truth); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		_ = f.Close()
		if seen := compareKeys(t, r, mount, truth.Node); seen == 0 {
			t.Errorf("%s: no value was compared", name)
		}
	}
}

func compareKeys(t *testing.T, r *registry.Registry, path string, want hivexNode) (seen int) {
	t.Helper()
	k, err := r.Key(path)
	if err != nil {
		t.Fatal(err)
	}
	values, err := k.Values()
	if err != nil || len(values) != len(want.Values) {
		t.Errorf("%s has %d values, %v, want %d", path, len(values), err, len(want.Values))
	}
	for _, w := range want.Values {
		v, err := k.Value(w.Key)
		if err != nil {
			t.Errorf("%s!%s: %v", path, w.Key, err)
			continue
		}
		seen++
		text := w.Value
		if w.Encoding == "base64" {
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			text = string(raw)
		}
		if w.Type == "string-list" {
			text, _, _ = strings.Cut(strings.Join(append(w.Strings, "", ""), "|")+"|", "||") // hivexml goes on behind the end of a list
			text = strings.TrimPrefix(text, "|")
		}
		if got := hivexText(v, w.Type); got != text {
			t.Errorf("%s!%s: got %q, want %q", path, w.Key, got, text)
		}
	}
	keys, err := k.Under()
	if err != nil || len(keys) != len(want.Nodes) {
		t.Errorf("%s has %d keys, %v, want %d", path, len(keys), err, len(want.Nodes))
	}
	for _, n := range want.Nodes {
		seen += compareKeys(t, r, path+`\`+n.Name, n)
	}
	return seen
}

// hivexText is a value as hivexml writes one of that type.
func hivexText(v hive.Value, kind string) string {
	switch kind {
	case "string", "expand":
		text, err := v.Text()
		if err == nil {
			return text
		}
	case "int32", "int64":
		n, err := v.Number()
		if err == nil && kind == "int32" {
			return strconv.Itoa(int(int32(n)))
		}
		if err == nil {
			return strconv.Itoa(int(n))
		}
	case "string-list":
		texts, err := v.Texts()
		if err == nil {
			return strings.Join(texts, "|")
		}
	}
	return string(v.Data)
}

// TestFactsOfTheImage has wants that are what the texts of testdata/guests/windows2022 say.
func TestFactsOfTheImage(t *testing.T) {
	m := openWindows(t)
	req := facts.Request{Registry: []string{`HKLM\SYSTEM\CurrentControlSet\Control\Lsa!LmCompatibilityLevel`}, Files: map[string]facts.FileRequest{`C:\Windows\system32\CMD.EXE`: {}}}
	for _, c := range engine.Collectors() {
		req.Domains = append(req.Domains, c.Name)
	}
	d, err := m.Facts(t.Context(), m.Guests[0], req, time.Unix(1_770_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Sup3r-Secret!", "hunter2", "geheim", "abcdef012345", "j1Uyj3Vx8TY9", "UwBlAGMAcgBlAHQA", "a-secret-community", strings.Repeat("aa", 16)} {
		if strings.Contains(string(b), secret) {
			t.Errorf("the secret %q is in the document", secret)
		}
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	for path, want := range windowsWants {
		if got := fmt.Sprint(at(doc, path)); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	for name, st := range d.Collectors {
		ours := strings.HasPrefix(name, "windows") || strings.Contains(" os hostname timezone packages units disks files globs registry ", " "+name+" ")
		if want := map[bool]facts.State{true: facts.OK, false: facts.Absent}[ours]; st.State != want {
			t.Errorf("%s is %s: %v, want %s", name, st.State, st.Problems, want)
		}
	}
}

// at follows a path of names and numbers, with > between them, since names have dots.
func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ">") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

var windowsWants = map[string]string{
	"os>id": "windows", "os>version_id": "10.0.20348.2227", "os>pretty_name": "Windows Server 2022 Datacenter", "os>arch": "x86_64", "os>family": "windows",
	"hostname>value": "win2022", "timezone>zone>value": "Etc/UTC", "timezone>how": "registry",
	"windows>build": "20348", "windows>installation_type": "Server", "windows>edition": "ServerDatacenter", "windows>product_type": "server",
	"windows>install_time": "2025-11-01T00:00:00Z", "windows>domain>value": "WORKGROUP", "windows>joined": "false", "windows>dns_domain>value": "example.org",
	"windows>drives>1>path": "/D:", "windows>drives>1>device": "p4", "windows>drives>2>path": "", "windows>drives>3>device": "",
	"windows>hives>5>condition":        "absent",
	"packages>manager":                 "windows",
	"packages>count":                   "5",
	"windows_software>0>name":          "7-Zip 23.01 (x64 edition)",
	"windows_software>4>arch":          "i686",
	"windows_updates>kbs":              "[KB5034129]",
	"windows_updates>newest":           "2024-01-09T03:11:12Z",
	"windows_updates>packages>0>state": "staged",
	"windows_reboot>reasons>0>reason":  "servicing", "windows_reboot>reasons>1>count": "2",
	"windows_services>backup agent>unquoted": "true", "windows_services>backup agent>exists": "true", "windows_services>backup agent>delayed": "true",
	"windows_services>remoteregistry>start": "disabled", "windows_services>lanmanserver>service_dll": "/Windows/system32/srvsvc.dll",
	"windows_services>viostor>program": "/Windows/System32/drivers/viostor.sys", "windows_services>windefend>exists": "false",
	"windows_services>disk>start": "boot", "windows_services>winrm>triggered": "true",
	"windows_accounts>sid": "S-1-5-21-1000000001-1000000002-1000000003", "windows_accounts>users>0>groups": "[Administrators]",
	"windows_accounts>users>1>disabled": "true", "windows_accounts>users>1>password_set": "false", "windows_accounts>users>1>password_not_required": "true",
	"windows_accounts>users>2>password_set": "true", "windows_accounts>users>2>password_never_expires": "true", "windows_accounts>users>3>locked": "true",
	"windows_accounts>users>3>expires_day": "20500", "windows_accounts>users>4>name": "käse", "windows_accounts>users>4>password_set": "false",
	"windows_accounts>users>4>reversible": "true", "windows_accounts>groups>0>members>2>sid": "S-1-5-21-9-9-9-512", "windows_accounts>groups>3>name": "Operators",
	"windows_account_policy>min_length>value": "8", "windows_account_policy>max_age_days>value": "42", "windows_account_policy>history>value": "24",
	"windows_account_policy>lockout_threshold>value": "10", "windows_account_policy>lockout_minutes>value": "15", "windows_account_policy>complexity>value": "true",
	"windows_rights>SeDebugPrivilege>0>name": "alice", "windows_rights>SeDenyInteractiveLogonRight>0>sid": "S-1-5-32-546",
	"windows_audit_policy>subcategories>Logon>failure": "true", "windows_audit_policy>subcategories>Logoff>failure": "false",
	"windows_audit_policy>subcategories>Process Creation>success": "true", "windows_audit_policy>subcategories>Credential Validation>failure": "true",
	"windows_audit_policy>subcategories>User Account Management>success": "true", "windows_audit_policy>force_subcategories>value": "1",
	"windows_security>lsa>lm_compatibility_level>value": "5", "windows_security>lsa>wdigest_use_logon_credential>value": "1",
	"windows_security>lsa>no_lm_hash>explicit": "true", "windows_security>lsa>limit_blank_password_use>explicit": "false",
	"windows_security>smb>shares>0>path": `D:\Data`, "windows_security>schannel>TLS 1.0>server>enabled>value": "0",
	"windows_security>logon>cached_logons_count>value": "4", `windows_security>network>hardened_paths>\\*\SYSVOL>value`: "RequireMutualAuthentication=1, RequireIntegrity=1",
	"windows_remote>rdp>enabled>value": "true", "windows_remote>rdp>min_encryption_level>value": "3", "windows_remote>rdp>min_encryption_level>shadowed>0>value": "2",
	"windows_remote>winrm>listeners": "[*:HTTP:5985]", "windows_remote>ssh": "true",
	"windows_firewall>domain>enabled>value": "false", "windows_firewall>private>enabled>value": "true", "windows_firewall>private>log_size>value": "16384",
	"windows_firewall>public>inbound>value": "allow", "windows_firewall>count": "3", "windows_firewall>rules>0>local_port": "[8000 8001]",
	"windows_defender>real_time>value": "false", "windows_defender>exclusions>paths>0>value": `C:\Temp`, "windows_defender>exclusions>extensions>0>value": ".ps1",
	"windows_defender>signature_day": "20393", "windows_defender>tamper_protection>value": "5",
	"windows_secrets>auto_logon": "true", "windows_secrets>found>4>kind": "group-policy", "windows_secrets>found>3>name": "UserAccounts/AdministratorPassword/Value",
	"windows_image>image_state>value": "IMAGE_STATE_COMPLETE", "windows_image>generalized": "false", "windows_image>hibernated": "false",
	"windows_event_logs>Security>max_size>value": "2.01326592e+08", "windows_event_logs>Application>retention>value": "-1", "windows_event_logs>Security>file_size": "10",
	`registry>HKLM\SYSTEM\CurrentControlSet\Control\Lsa!LmCompatibilityLevel>number`: "5",
	`files>C:\Windows\system32\CMD.EXE>exists`:                                       "true",
}

// TestJunctionsOfTheImage follows reparse points as ntfs-3g stored them.
func TestJunctionsOfTheImage(t *testing.T) {
	g := openWindows(t).Guests[0]
	for path, want := range map[string]string{
		"/Documents and Settings/Administrator/NTUSER.DAT": "/Users/Administrator/NTUSER.DAT",
		"/Users/All Users/ssh":                             "/ProgramData/ssh",
		"/Mount/Data/readme.txt":                           "/Volume{1c0ffee0-0000-4000-9000-000000000304}/Data/readme.txt",
		`D:\data\README.TXT`:                               "/D:/data/README.TXT",
	} {
		if got, err := g.Resolve(path); got != want || err != nil {
			t.Errorf("%s leads to %s, %v, want %s", path, got, err, want)
		}
	}
}
