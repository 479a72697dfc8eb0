// Package taxii fetches objects of STIX from servers of TAXII 2.1 (OASIS, 10 June 2021). No judge talks to a network: this is for a
// command, and only when a person asks it to. It follows what it needs: discovery, API roots, collections, and their objects
// page by page; it adds nothing to a collection, and does not speak TAXII 2.0.
package taxii

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	mediaType    = "application/taxii+json"
	accept       = mediaType + ";version=2.1"
	maxPage      = 64 << 20 // bytes of one answer
	maxPages     = 100_000
	maxBytes     = 4 << 30 // of all objects together
	maxRedirects = 5
	maxRoots     = 100
	perPage      = 1000 // objects that are asked for at once
	patience     = 2 * time.Minute
)

// Client asks one server.
type Client struct {
	base           *url.URL
	user, password string
	http           *http.Client
}

// New returns a client for the discovery address or an API root of a server. The password goes to the host of that address only, and
// never without TLS, except to this host itself. A nil transport is that of the Go library.
func New(address, user, password string, transport http.RoundTripper) (*Client, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, fmt.Errorf("%q is no address of a server, want https://host/taxii2/", address)
	}
	if base.User != nil {
		return nil, errors.New("a name or password in the address, want it in --user and --password-env")
	}
	if !strings.HasSuffix(base.Path, "/") {
		base.Path += "/"
	}
	c := &Client{base: base, user: user, password: password}
	if c.secret() && base.Scheme == "http" && !isLoopback(base.Hostname()) {
		return nil, errors.New("a password without TLS, want https://")
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: c.redirect}
	return c, nil
}

func (c *Client) secret() bool { return c.user != "" || c.password != "" }

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// redirect follows an answer that names another address, but takes the password to no other host.
func (c *Client) redirect(r *http.Request, before []*http.Request) error {
	if len(before) >= maxRedirects {
		return binread.Limit("more than %d redirections", maxRedirects)
	}
	return c.allowed(r.URL)
}

func (c *Client) allowed(u *url.URL) error {
	switch {
	case c.secret() && (u.Host != c.base.Host || u.Scheme != c.base.Scheme):
		return binread.Refused("%s://%s is another host than that of the password", u.Scheme, u.Host)
	case c.base.Scheme == "https" && u.Scheme != "https":
		return binread.Refused("%s://%s has no TLS", u.Scheme, u.Host)
	}
	return nil
}

// Collection is one set of objects of a server.
type Collection struct {
	Root        string `json:"-"` // the address of its API root
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	CanRead     bool   `json:"can_read"`
}

// Collections lists the collections of all API roots of the server.
func (c *Client) Collections(ctx context.Context) (all []Collection, err error) {
	roots, err := c.roots(ctx)
	if err != nil {
		return nil, err
	}
	for _, root := range roots {
		var answer struct {
			Collections []Collection `json:"collections"`
		}
		if _, err := c.get(ctx, root.JoinPath("collections/"), &answer); err != nil {
			return nil, err
		}
		for _, one := range answer.Collections {
			one.Root = root.String()
			all = append(all, one)
		}
	}
	return all, nil
}

// roots are the API roots that discovery names, or the address itself where it is one.
func (c *Client) roots(ctx context.Context) (roots []*url.URL, err error) {
	var answer struct {
		Roots    []string `json:"api_roots"`
		Versions []string `json:"versions"`
	}
	if _, err := c.get(ctx, c.base, &answer); err != nil {
		return nil, err
	}
	if len(answer.Versions) > 0 && len(answer.Roots) == 0 {
		return []*url.URL{c.base}, nil
	}
	if len(answer.Roots) > maxRoots {
		return nil, fmt.Errorf("%s: %w", c.base, binread.Limit("%d API roots, want at most %d", len(answer.Roots), maxRoots))
	}
	for _, s := range answer.Roots {
		u, err := c.base.Parse(s)
		if err != nil {
			return nil, fmt.Errorf("%s: an API root that is no address: %w", c.base, err)
		}
		if err := c.allowed(u); err != nil {
			return nil, err
		}
		if !strings.HasSuffix(u.Path, "/") {
			u.Path += "/"
		}
		roots = append(roots, u)
	}
	if len(roots) == 0 {
		return nil, fmt.Errorf("%s: neither API roots nor versions, want the address of discovery or of an API root", c.base)
	}
	return roots, nil
}

// find is the collection with an ID.
func (c *Client) find(ctx context.Context, id string) (found Collection, err error) {
	all, err := c.Collections(ctx)
	if err != nil {
		return found, err
	}
	var names []string
	for _, one := range all {
		if one.ID == id {
			if !one.CanRead {
				return found, fmt.Errorf("collection %s may not be read by this user", id)
			}
			return one, nil
		}
		names = append(names, one.ID)
	}
	return found, fmt.Errorf("no collection %s, want one of: %s", id, strings.Join(names, ", "))
}

// page is one answer with objects (TAXII 2.1, section 3.7, an envelope).
type page struct {
	More    bool              `json:"more"`
	Next    string            `json:"next"`
	Objects []json.RawMessage `json:"objects"`
}

// Fetch writes the objects of a collection that were added after a time, or all for the zero time, as a bundle of STIX 2.1, and returns
// how many they are.
func (c *Client) Fetch(ctx context.Context, id string, after time.Time, w io.Writer) (n int, err error) {
	from, err := c.find(ctx, id)
	if err != nil {
		return 0, err
	}
	root, err := url.Parse(from.Root)
	if err != nil {
		return 0, err
	}
	b := newBundle(w, from.Root+" "+id)
	query := url.Values{"limit": {strconv.Itoa(perPage)}}
	if !after.IsZero() {
		query.Set("added_after", after.UTC().Format(time.RFC3339Nano))
	}
	for pages := 1; ; pages++ {
		u := root.JoinPath("collections", url.PathEscape(id), "objects/")
		u.RawQuery = query.Encode()
		var p page
		header, err := c.get(ctx, u, &p)
		if err != nil {
			return b.n, err
		}
		if err := b.add(p.Objects); err != nil {
			return b.n, err
		}
		if !p.More {
			return b.n, b.end()
		}
		if err := following(query, p, header); err != nil {
			return b.n, fmt.Errorf("%s: %w", u, err)
		}
		if pages >= maxPages {
			return b.n, fmt.Errorf("%s: %w", u, binread.Limit("more than %d pages", maxPages))
		}
	}
}

// following changes a query to that of the next page.
func following(query url.Values, p page, header http.Header) error {
	last := header.Get("X-TAXII-Date-Added-Last")
	switch {
	case p.Next != "" && p.Next != query.Get("next"):
		query.Set("next", p.Next)
	case p.Next == "" && last != "" && last != query.Get("added_after"):
		query.Del("next")
		query.Set("added_after", last)
	default:
		return errors.New("there is more, and no way to it: next is missing or the same as before")
	}
	return nil
}

// get asks for an address and decodes what it answers.
func (c *Client) get(ctx context.Context, u *url.URL, into any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("User-Agent", "guestctl")
	if c.secret() {
		r.SetBasicAuth(c.user, c.password)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // nothing is written
	if err := understood(answer); err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxPage+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", u, err)
	case len(body) > maxPage:
		return nil, fmt.Errorf("%s: %w", u, binread.Limit("an answer of more than %d bytes", maxPage))
	}
	if err := json.Unmarshal(body, into); err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	return answer.Header, nil
}

// understood tells an answer from an error, and from one of another protocol.
func understood(answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		err := fmt.Errorf("the server answers %s", answer.Status)
		if answer.StatusCode == http.StatusUnauthorized {
			return binread.WithHint(err, "give a name with --user and the variable that holds the password with --password-env")
		}
		return err
	}
	kind, parameters, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || kind != mediaType || parameters["version"] != "" && parameters["version"] != "2.1" {
		return binread.Unsupported("an answer of type %.100q, want %s", answer.Header.Get("Content-Type"), accept)
	}
	return nil
}
