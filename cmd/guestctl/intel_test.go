package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/rogpeppe/go-internal/testscript"
)

// taxiiServer starts a server of TAXII 2.1 on this machine, with one collection, and puts its address into TAXII.
func taxiiServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: taxii")
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); ok && user+":"+password != "me:secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/taxii+json;version=2.1")
		switch r.URL.Path {
		case "/taxii2/":
			fmt.Fprint(w, `{"api_roots": ["/api/"]}`)
		case "/api/collections/":
			fmt.Fprint(w, `{"collections": [{"id": "one", "title": "First", "can_read": true}]}`)
		case "/api/collections/one/objects/":
			old := `{"type": "indicator", "pattern": "[file:name = 'old.name']"}, `
			if r.URL.Query().Get("added_after") == "2026-11-01T00:00:00Z" {
				old = ""
			}
			fmt.Fprint(w, `{"objects": [`+old+`{"type": "indicator", "pattern": "[file:name = 'new.name']"}]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	ts.Defer(s.Close)
	ts.Setenv("TAXII", s.URL)
}
