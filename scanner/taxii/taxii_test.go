package taxii

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// server answers as a server of TAXII 2.1 with one collection of five objects does, two on each page. Handlers of a test come first.
type server struct {
	*httptest.Server
	asked []string
}

func serve(t *testing.T, special map[string]http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, r.URL.RequestURI())
		if r.Header.Get("Accept") != "application/taxii+json;version=2.1" {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		if h := special[r.URL.Path]; h != nil {
			h(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/taxii+json;version=2.1")
		switch r.URL.Path {
		case "/taxii2/":
			fmt.Fprint(w, `{"title": "T", "api_roots": ["/api1/", "`+s.URL+`/api2"]}`)
		case "/api1/", "/api2/":
			fmt.Fprint(w, `{"title": "R", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 1000}`)
		case "/api1/collections/":
			fmt.Fprint(w, `{"collections": [{"id": "one", "title": "First", "can_read": true}, {"id": "closed", "can_read": false}]}`)
		case "/api2/collections/":
			fmt.Fprint(w, `{}`)
		case "/api1/collections/one/objects/":
			answerPage(w, r)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// answerPage answers with two of the objects, which were added on the first five days of a month.
func answerPage(w http.ResponseWriter, r *http.Request) {
	first := 0
	if after := r.URL.Query().Get("added_after"); after != "" {
		fmt.Sscanf(after, "2026-11-%dT", &first)
	}
	if next := r.URL.Query().Get("next"); next != "" {
		fmt.Sscanf(next, "at %d", &first)
	}
	var objects []string
	for i := first; i < min(first+2, 5); i++ {
		objects = append(objects, fmt.Sprintf(`{"type": "indicator",  "id": "indicator--%d"}`, i+1))
	}
	more := first+2 < 5
	fmt.Fprintf(w, `{"more": %t, "next": "at %d", "objects": [%s]}`, more, first+2, strings.Join(objects, ","))
}

func client(t *testing.T, address, user, password string) *Client {
	t.Helper()
	c, err := New(address, user, password, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ids are those of the objects in a bundle.
func ids(t *testing.T, b []byte) (all []string) {
	t.Helper()
	var bundle struct {
		Type, ID string
		Objects  []struct{ ID string }
	}
	if err := json.Unmarshal(b, &bundle); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	if bundle.Type != "bundle" || len(bundle.ID) != len("bundle--")+36 {
		t.Errorf("a %s %s, want a bundle with a UUID", bundle.Type, bundle.ID)
	}
	for _, o := range bundle.Objects {
		all = append(all, strings.TrimPrefix(o.ID, "indicator--"))
	}
	return all
}

func TestFetchAsksPageByPage(t *testing.T) {
	for _, c := range []struct {
		name, path string
		after      time.Time
		want       string
	}{
		{"all, from discovery", "/taxii2/", time.Time{}, "1 2 3 4 5"},
		{"all, from an API root", "/api1", time.Time{}, "1 2 3 4 5"},
		{"after a day", "/taxii2", time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC), "4 5"},
		{"after all", "/taxii2", time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, nil)
			var out bytes.Buffer
			n, err := client(t, s.URL+c.path, "", "").Fetch(t.Context(), "one", c.after, &out)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(ids(t, out.Bytes()), " "); got != c.want || n != len(strings.Fields(c.want)) {
				t.Errorf("got %q, %d, want %q", got, n, c.want)
			}
			last, err := url.Parse(s.asked[len(s.asked)-1])
			if err != nil || last.Query().Get("limit") != "1000" || (last.Query().Get("added_after") != "") == c.after.IsZero() {
				t.Errorf("asked %s", last)
			}
		})
	}
}

// TestPagesWithoutNext goes on from the header that says when the last object was added.
func TestPagesWithoutNext(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/api1/collections/one/objects/": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/taxii+json;version=2.1")
		w.Header().Set("X-TAXII-Date-Added-Last", "2026-11-01T00:00:00.000Z")
		fmt.Fprintf(w, `{"more": %t, "objects": [{"id": "indicator--%d"}]}`, r.URL.Query().Get("added_after") == "", len(r.URL.Query()))
	}})
	var out bytes.Buffer
	if _, err := client(t, s.URL+"/taxii2/", "", "").Fetch(t.Context(), "one", time.Time{}, &out); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(ids(t, out.Bytes()), " "); got != "1 2" {
		t.Errorf("got %q", got)
	}
}

func TestCollections(t *testing.T) {
	s := serve(t, nil)
	all, err := client(t, s.URL+"/taxii2/", "", "").Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%+v", all), fmt.Sprintf("[{Root:%s/api1/ ID:one Title:First Description: CanRead:true} {Root:%s/api1/ ID:closed Title: Description: CanRead:false}]", s.URL, s.URL); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestServersThatDoNotAnswer(t *testing.T) {
	const objects = "/api1/collections/one/objects/"
	answer := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, body)
		}
	}
	const taxii = "application/taxii+json;version=2.1"
	for _, c := range []struct {
		name, path string
		handler    http.HandlerFunc
		want       string
	}{
		{"nothing there", "/taxii2/", http.NotFound, "the server answers 404 Not Found"},
		{"a password is wanted", "/taxii2/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, "the server answers 401"},
		{"another protocol", "/taxii2/", answer("text/html", "<html>"), `an answer of type "text/html"`},
		{"an older version", "/taxii2/", answer("application/vnd.oasis.taxii+json; version=2.0", "{}"), "want application/taxii+json;version=2.1"},
		{"a newer version", "/taxii2/", answer("application/taxii+json;version=3.0", "{}"), "want application/taxii+json;version=2.1"},
		{"neither discovery nor root", "/taxii2/", answer(taxii, "{}"), "neither API roots nor versions"},
		{"no JSON", "/taxii2/", answer(taxii, "{"), "unexpected end of JSON input"},
		{"a root on a network without an end", "/taxii2/", answer(taxii, `{"api_roots": [":"]}`), "an API root that is no address"},
		{"too many roots", "/taxii2/", answer(taxii, `{"api_roots": ["/x"`+strings.Repeat(`, "/x"`, 200)+`]}`), "201 API roots, want at most 100"},
		{"no such collection", "/api1/collections/", answer(taxii, `{"collections": [{"id": "two", "can_read": true}]}`), "no collection one, want one of: two"},
		{"a collection that is closed", "/api1/collections/", answer(taxii, `{"collections": [{"id": "one"}]}`), "collection one may not be read"},
		{"more without a way", objects, answer(taxii, `{"more": true, "objects": []}`), "there is more, and no way to it"},
		{"the same page for ever", objects, answer(taxii, `{"more": true, "next": "x", "objects": []}`), "next is missing or the same as before"},
		{"a page too large", objects, answer(taxii, `{"objects": ["`+strings.Repeat("x", maxPage)+`"]}`), "an answer of more than 67108864 bytes"},
		{"redirections without an end", objects, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, objects, http.StatusFound) }, "more than 5 redirections"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{c.path: c.handler})
			_, err := client(t, s.URL+"/taxii2/", "", "").Fetch(t.Context(), "one", time.Time{}, &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestThePasswordStaysAtItsHost has a second server, which must not be asked.
func TestThePasswordStaysAtItsHost(t *testing.T) {
	other := serve(t, nil)
	there := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.RequestURI(), http.StatusFound)
	}
	roots := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/taxii+json;version=2.1")
		fmt.Fprintf(w, `{"api_roots": [%q]}`, other.URL+"/api1/")
	}
	for name, special := range map[string]map[string]http.HandlerFunc{
		"redirection of discovery": {"/taxii2/": there}, "redirection of objects": {"/api1/collections/one/objects/": there}, "an API root": {"/taxii2/": roots},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, special)
			_, err := client(t, s.URL+"/taxii2/", "me", "secret").Fetch(t.Context(), "one", time.Time{}, &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), "is another host than that of the password") {
				t.Errorf("got %v", err)
			}
			if len(other.asked) > 0 {
				t.Errorf("the other server was asked %v", other.asked)
			}
			if _, err := client(t, s.URL+"/taxii2/", "", "").Fetch(t.Context(), "one", time.Time{}, &bytes.Buffer{}); err != nil {
				t.Errorf("without a password: %v", err)
			}
			other.asked = nil
		})
	}
}

func TestThePasswordIsSent(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/taxii2/": func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "me" || password != "secret" {
			t.Errorf("got %q %q", user, password)
		}
		w.WriteHeader(http.StatusForbidden)
	}})
	if _, err := client(t, s.URL+"/taxii2/", "me", "secret").Collections(t.Context()); err == nil {
		t.Error("no error")
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	for _, c := range []struct{ address, user, want string }{
		{"", "", "is no address of a server"},
		{"taxii.example.com", "", "is no address of a server"},
		{"file:///etc/passwd", "", "is no address of a server"},
		{"https://me:secret@taxii.example.com/", "", "want it in --user and --password-env"},
		{"http://taxii.example.com/", "me", "a password without TLS"},
	} {
		if _, err := New(c.address, c.user, "", nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.address, err, c.want)
		}
	}
	for _, ok := range []string{"http://127.0.0.1/", "http://[::1]:80/", "http://localhost/", "https://taxii.example.com/"} {
		if _, err := New(ok, "me", "secret", nil); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
}
