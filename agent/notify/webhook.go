package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// A webhook is signed as https://www.standardwebhooks.com (version 1) says: the signature covers the ID of the notice, the time of the
// attempt and the body, so that nobody can send it again later, or another body in its place.
const (
	keyPrefix = "whsec_"
	minKey    = 16 // bytes
)

// parseWebhook reads https://HOST/PATH#key=REFERENCE, or webhook:REFERENCE#key=REFERENCE.
func parseWebhook(text string) (*Channel, error) {
	where, option, signed := strings.Cut(strings.TrimPrefix(text, "webhook:"), "#")
	a, err := parseAddress(where)
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	var key reference
	if signed {
		ref, ok := strings.CutPrefix(option, "key=")
		if !ok {
			return nil, errors.New("webhook: after # stands the key that signs it, want #key=env:NAME")
		}
		if key, err = parseReference(ref); err != nil {
			return nil, fmt.Errorf("webhook: #key: %w", err)
		}
	}
	return &Channel{"webhook " + a.name(), func(ctx context.Context, d *delivery, n *Notice) error {
		return d.webhook(ctx, a, key, n)
	}}, nil
}

func (d *delivery) webhook(ctx context.Context, a *address, key reference, n *Notice) error {
	u, err := d.resolve(a)
	if err != nil {
		return err
	}
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	at := strconv.FormatInt(d.Now().Unix(), 10)
	header := jsonHeader(n)
	header.Set("Webhook-Id", n.ID)
	header.Set("Webhook-Timestamp", at)
	if key != "" {
		text, err := d.read(key)
		if err != nil {
			return err
		}
		secret, err := signingKey(text)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		header.Set("Webhook-Signature", sign(secret, n.ID, at, body))
	}
	return d.post(ctx, u, header, body)
}

// jsonHeader is the header of a request that has a JSON document.
func jsonHeader(n *Notice) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {n.ID}}
}

// signingKey is the key that a text stands for: base64 after whsec_, or its bytes.
func signingKey(text string) ([]byte, error) {
	key := []byte(text)
	if encoded, ok := strings.CutPrefix(text, keyPrefix); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, fmt.Errorf("what follows %s is not base64", keyPrefix)
		}
	}
	if len(key) < minKey {
		return nil, fmt.Errorf("a key of %d bytes, want at least %d", len(key), minKey)
	}
	return key, nil
}

// sign is the signature of a body.
func sign(key []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
