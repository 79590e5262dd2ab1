package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/sync/host"
)

// maxAge is how old a delivery with a signed time may be, and how far ahead its clock.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
const maxAge = 5 * time.Minute

// signingPrefix starts a GitLab signing token; what follows is the key in base64.
const signingPrefix = "whsec_"

// proof is what a delivery shows for itself, before its body is read.
type proof struct {
	// id is what the host calls the delivery. Only a signed token covers it.
	id string
	// signatures cover signed with the body put behind it; empty if the secret itself was shown.
	signatures [][]byte
	signed     string
	at         time.Time // that signed covers; zero if there is none
	key        []byte
	shown      string
}

// proofOf refuses a delivery without any proof, so that nobody else makes us read a body.
func proofOf(kind host.Kind, header http.Header, secret string) (proof, error) {
	var p proof
	ok := false
	switch {
	case secret == "": // an empty key is known to everybody
	case kind == host.GitHub:
		// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
		signature, prefixed := strings.CutPrefix(header.Get("X-Hub-Signature-256"), "sha256=")
		p, ok = signedBody(header.Get("X-GitHub-Delivery"), signature, secret)
		ok = ok && prefixed
	case kind == host.Gitea:
		// https://docs.gitea.com/usage/webhooks
		p, ok = signedBody(header.Get("X-Gitea-Delivery"), header.Get("X-Gitea-Signature"), secret)
	case kind == host.GitLab && strings.HasPrefix(secret, signingPrefix):
		p, ok = standard(header, secret)
	case kind == host.GitLab:
		// https://docs.gitlab.com/user/project/integrations/webhooks/#delivery-headers. A retry has the key
		// of the first attempt.
		p.id, p.shown = header.Get("Idempotency-Key"), header.Get("X-Gitlab-Token")
		ok = p.shown != "" && p.holds(nil, secret, time.Time{}) // it says nothing of the body
	}
	if !ok {
		return proof{}, unsigned()
	}
	return p, nil
}

// signedBody is GitHub's and Gitea's way: HMAC-SHA256 of the body, in hex.
func signedBody(id, signature, secret string) (proof, bool) {
	sum, err := hex.DecodeString(signature)
	return proof{id: id, signatures: [][]byte{sum}, key: []byte(secret)}, err == nil && len(sum) == sha256.Size && id != ""
}

// standard is that of Standard Webhooks, which GitLab's signing tokens follow: the signature covers the
// id and the time as well, and there may be several while a key is changed.
func standard(header http.Header, secret string) (proof, bool) {
	id, at := header.Get("Webhook-Id"), header.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || id == "" {
		return proof{}, false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, signingPrefix))
	if err != nil || len(key) == 0 {
		return proof{}, false
	}
	p := proof{id: id, signed: id + "." + at + ".", at: time.Unix(seconds, 0), key: key}
	for one := range strings.FieldsSeq(header.Get("Webhook-Signature")) {
		version, signature, _ := strings.Cut(one, ",")
		if sum, err := base64.StdEncoding.DecodeString(signature); err == nil && version == "v1" {
			p.signatures = append(p.signatures, sum)
		}
	}
	return p, len(p.signatures) > 0
}

// holds compares in a time that says nothing about the secret.
func (p proof) holds(body []byte, secret string, now time.Time) bool {
	if len(p.signatures) == 0 {
		shown, want := sha256.Sum256([]byte(p.shown)), sha256.Sum256([]byte(secret)) // of the same length
		return subtle.ConstantTimeCompare(shown[:], want[:]) == 1
	}
	if !p.at.IsZero() && now.Sub(p.at).Abs() > maxAge {
		return false
	}
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(p.signed))
	mac.Write(body)
	want := mac.Sum(nil)
	for _, signature := range p.signatures {
		if hmac.Equal(signature, want) {
			return true
		}
	}
	return false
}

// identity is what a second delivery must not have again. Where the signature leaves the id out, somebody
// who has seen a delivery could send it again under another id: so the body counts as well. Hosts put
// times into the bodies of events, so two that happened do not look the same; where they do, the next poll
// finds out.
func (p proof) identity(body []byte) []string {
	var all []string
	if p.id != "" {
		all = append(all, "id "+p.id)
	}
	if p.at.IsZero() {
		sum := sha256.Sum256(body)
		all = append(all, "body "+string(sum[:]))
	}
	return all
}
