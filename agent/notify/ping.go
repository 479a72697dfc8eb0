package notify

import (
	"context"
	"fmt"
	"net/http"

	"github.com/guestctl/guestctl/finding"
)

// Begun is the result of a run that has begun, which pings alone tell.
const Begun finding.Status = "begun"

// ParsePing reads the address of a watch that wants a sign of life from every run: it is asked for with /start at its end when a run
// begins, as it is when the run passed, and with /fail when it did not, as healthchecks.io has it.
func ParsePing(text string) (*Channel, error) {
	a, err := parseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("ping: %w", err)
	}
	if a.url != nil && a.url.Fragment != "" {
		return nil, fmt.Errorf("ping: the address has a #, want https://HOST/PATH")
	}
	return &Channel{"ping " + a.name(), func(ctx context.Context, d *delivery, n *Notice) error {
		u, err := d.resolve(a)
		if err != nil {
			return err
		}
		switch n.Result {
		case Begun:
			u = u.JoinPath("start")
		case finding.Pass:
		default: // what could not be judged is no sign of health
			u = u.JoinPath("fail")
		}
		header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Idempotency-Key": {n.ID}}
		return d.post(ctx, u, header, []byte(n.Headline()+"\n"))
	}}, nil
}
