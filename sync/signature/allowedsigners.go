package signature

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// allowedSigners reads the format of ssh-keygen(1), ALLOWED SIGNERS: principals, options, key.
func (r *reader) allowedSigners(text string, place lines) []allowed {
	var all []allowed
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		a, err := parseAllowed(line)
		if err != nil {
			r.lineProblem(place, n, err.Error())
			continue
		}
		a.line = n
		all = append(all, a)
	}
	return all
}

func parseAllowed(line string) (allowed, error) {
	principals, rest, found := cutField(line)
	if !found {
		return allowed{}, errors.New("the line must hold principals, options if any, and a public key")
	}
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil {
		return allowed{}, fmt.Errorf("no public key is to be found on the line: %w", err)
	}
	if _, certificate := key.(*ssh.Certificate); certificate {
		return allowed{}, errors.New("a certificate cannot be allowed; allow its authority, with cert-authority")
	}
	if weak(key) {
		return allowed{}, fmt.Errorf("the key is too weak; use ed25519, ecdsa, or rsa with %d bits at least", minRSABits)
	}
	a := allowed{principals: strings.Split(principals, ","), key: key}
	for _, o := range options {
		if err := a.option(o); err != nil {
			return allowed{}, err
		}
	}
	return a, nil
}

// cutField takes the principals off a line; they may be quoted.
func cutField(line string) (field, rest string, found bool) {
	if quoted, ok := strings.CutPrefix(line, `"`); ok {
		field, rest, found = strings.Cut(quoted, `"`)
		return field, strings.TrimSpace(rest), found && field != ""
	}
	at := strings.IndexAny(line, " \t")
	if at <= 0 {
		return "", "", false
	}
	return line[:at], strings.TrimSpace(line[at:]), true
}

func (a *allowed) option(text string) error {
	name, value, _ := strings.Cut(text, "=")
	value = strings.Trim(value, `"`)
	var err error
	switch strings.ToLower(name) {
	case "cert-authority":
		a.authority = true
	case "namespaces":
		a.namespaces = strings.Split(value, ",")
	case "valid-after":
		a.after, err = parseMoment(value)
	case "valid-before":
		a.before, err = parseMoment(value)
	default:
		err = fmt.Errorf("the option %q is not one of cert-authority, namespaces, valid-after, valid-before", name)
	}
	return err
}

// moments are the forms of ssh-keygen, YYYYMMDD[HHMM[SS]][Z], by their length. Without the Z it means
// the time zone of whoever reads, there; a policy must mean the same everywhere, so it is UTC here.
var moments = map[int]string{8: "20060102", 12: "200601021504", 14: "20060102150405"}

func parseMoment(text string) (time.Time, error) {
	digits := strings.TrimSuffix(text, "Z")
	t, err := time.Parse(moments[len(digits)], digits)
	if err != nil || moments[len(digits)] == "" {
		return time.Time{}, fmt.Errorf("%q is no time; write YYYYMMDD or YYYYMMDDHHMMSS, in UTC", text)
	}
	return t, nil
}

var (
	sshFingerprint = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)
	pgpFingerprint = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
)

// revokedKeys reads public keys, or fingerprints of SSH (SHA256:…) and OpenPGP (40 hex digits), one on
// each line. What an authority that is listed has certified is revoked with it.
func (r *reader) revokedKeys(text string, place lines, revoked map[string]bool) {
	if strings.HasPrefix(text, "SSHKRL\n") {
		r.lineProblem(place, 1, "a binary revocation list cannot be reviewed; list keys or fingerprints, one on each line")
		return
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if joined := strings.ReplaceAll(line, " ", ""); sshFingerprint.MatchString(line) {
			revoked[line] = true
		} else if pgpFingerprint.MatchString(joined) {
			revoked[strings.ToLower(joined)] = true
		} else if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err == nil {
			revoked[ssh.FingerprintSHA256(key)] = true
		} else {
			r.lineProblem(place, n, "the line is neither a public key nor a fingerprint (SHA256:… or 40 hex digits)")
		}
	}
}
