package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// maxMessage is how long a message may be, in bytes: chats cut or refuse longer ones.
const maxMessage = 12_000

// parseSlack reads slack:REFERENCE: the address of an incoming webhook, as Slack, Mattermost and Rocket.Chat have it.
func parseSlack(text string) (*Channel, error) {
	ref, err := parseReference(strings.TrimPrefix(text, "slack:"))
	if err != nil {
		return nil, fmt.Errorf("slack: its address is a secret: %w", err)
	}
	return &Channel{"slack " + string(ref), func(ctx context.Context, d *delivery, n *Notice) error {
		u, err := d.resolve(&address{secret: ref})
		if err != nil {
			return err
		}
		body, err := json.Marshal(message{Text: slackText(n)})
		if err != nil {
			return err
		}
		return d.post(ctx, u, jsonHeader(n), body)
	}}, nil
}

// message is the payload of an incoming webhook. Addresses in it are not looked at by the chat.
type message struct {
	Text        string `json:"text"`
	UnfurlLinks bool   `json:"unfurl_links"`
	UnfurlMedia bool   `json:"unfurl_media"`
}

// slackText is the notice as preformatted text, in which a chat knows no markup, no mention and no link.
func slackText(n *Notice) string {
	lines := append([]string{n.Headline()}, n.Lines()...)
	return "```\n" + cut(literal(strings.Join(lines, "\n")), maxMessage) + "\nnotice " + n.ID + "\n```"
}

// literal takes the signs out of a text that end preformatted text, or stand for more than themselves in it.
func literal(s string) string {
	return strings.NewReplacer("`", "'", "&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
