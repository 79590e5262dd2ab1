package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/quorate/quorate/internal/printable"
)

// post is a receiver that takes JSON over HTTP.
type post struct {
	name   string
	url    *url.URL
	body   func(Notice) any
	client *http.Client
}

func newPost(name string, u *url.URL, body func(Notice) any) (Receiver, error) {
	if u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("the address of a " + name + " receiver begins with https://")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return post{name, u, body, client}, nil
}

func (p post) Service() string { return p.name }

// Send posts once. What the receiver answers is not repeated: it may be anything.
func (p post) Send(ctx context.Context, n Notice) error {
	data, err := json.Marshal(p.body(n))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url.String(), bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: the address is no address", ErrRefused)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "quorate")
	resp, err := p.client.Do(req)
	if err != nil {
		return fmt.Errorf("%s at %s: %w", p.name, p.url.Host, bare(err))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	switch code := resp.StatusCode; {
	case code < 300:
		return nil
	case code < 500 && code != http.StatusTooManyRequests && code != http.StatusRequestTimeout:
		return fmt.Errorf("%s at %s: %w with HTTP %d", p.name, p.url.Host, ErrRefused, code)
	default:
		return fmt.Errorf("%s at %s: HTTP %d", p.name, p.url.Host, code)
	}
}

// bare takes the address out of an error of net/http: its path is the secret.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// slack is the payload of an incoming webhook.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func slack(n Notice) any {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
	title, body := n.text()
	text := "*" + escape(title) + "*\n" + escape(body)
	if n.URL != "" {
		text += "\n<" + escape(n.URL) + "|More>"
	}
	return map[string]any{"text": text, "unfurl_links": false}
}

// teams is an adaptive card, as the webhooks of Teams' workflows take it. The older connectors, which took
// message cards, were switched off by Microsoft.
// https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
func teams(n Notice) any {
	escape := strings.NewReplacer("[", "\\[", "]", "\\]", "*", "\\*", "_", "\\_").Replace // it reads Markdown
	title, body := n.text()
	card := map[string]any{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
		"body": []any{
			map[string]any{"type": "TextBlock", "text": escape(title), "weight": "Bolder", "wrap": true},
			map[string]any{"type": "TextBlock", "text": escape(body), "wrap": true},
		},
	}
	if n.URL != "" {
		card["actions"] = []any{map[string]any{"type": "Action.OpenUrl", "title": "More", "url": n.URL}}
	}
	return map[string]any{"type": "message", "attachments": []any{
		map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card},
	}}
}

// plain is for programs; docs/notifications.md describes it.
func plain(n Notice) any {
	title, _ := n.text()
	return struct {
		Title    string    `json:"title"`
		Cluster  string    `json:"cluster"`
		Commit   string    `json:"commit"`
		Kind     Kind      `json:"kind"`
		Sentence string    `json:"sentence"`
		Since    time.Time `json:"since"`
		Over     time.Time `json:"over,omitzero"`
		URL      string    `json:"url,omitempty"`
	}{title, n.Cluster, n.Commit, n.Kind, printable.Line(n.Sentence), n.Since.UTC(), n.Over.UTC(), n.URL}
}
