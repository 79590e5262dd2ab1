package signature

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.SHA256.New
	_ "crypto/sha512" // for crypto.SHA512.New
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// The format of SSH signatures is OpenSSH's PROTOCOL.sshsig.
const (
	sshArmorBegin = "-----BEGIN SSH SIGNATURE-----"
	sshArmorEnd   = "-----END SSH SIGNATURE-----"
	sshMagic      = "SSHSIG"
	gitNamespace  = "git" // what git signs in, so that a signature of a file is none of a commit
	maxSSHSig     = 64 << 10
	minRSABits    = 2048
)

var errUnreadable = errors.New("has a signature that cannot be read")

// sshSig is the signature after its magic.
type sshSig struct {
	Version   uint32
	PublicKey []byte
	Namespace string
	Reserved  string
	Hash      string
	Signature []byte
}

func parseSSHSig(text string) (sshSig, error) {
	text = strings.TrimSpace(text)
	body, begins := strings.CutPrefix(text, sshArmorBegin)
	body, ends := strings.CutSuffix(body, sshArmorEnd)
	if !begins || !ends || len(text) > maxSSHSig {
		return sshSig{}, errUnreadable
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil || !bytes.HasPrefix(data, []byte(sshMagic)) {
		return sshSig{}, errUnreadable
	}
	var s sshSig
	if err := ssh.Unmarshal(data[len(sshMagic):], &s); err != nil || s.Version != 1 {
		return sshSig{}, errUnreadable
	}
	return s, nil
}

// check verifies that the key made the signature over the message.
func (s sshSig) check(key ssh.PublicKey, message []byte) error {
	hash := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha512": crypto.SHA512}[s.Hash]
	if hash == 0 || s.Namespace != gitNamespace {
		return fmt.Errorf("has a signature made for %q with %q, and not for git", s.Namespace, s.Hash)
	}
	var sig ssh.Signature
	if err := ssh.Unmarshal(s.Signature, &sig); err != nil {
		return errUnreadable
	}
	if weak(key) || sig.Format == ssh.KeyAlgoRSA {
		return errors.New("is signed with an algorithm or a key that is too weak")
	}
	h := hash.New()
	h.Write(message)
	signed := append([]byte(sshMagic), ssh.Marshal(struct {
		Namespace, Reserved, Hash string
		Sum                       []byte
	}{s.Namespace, s.Reserved, s.Hash, h.Sum(nil)})...)
	if key.Verify(signed, &sig) != nil || !present(key, sig) {
		return errForged
	}
	return nil
}

var errForged = errors.New("has a signature that does not fit it: it was changed after it was signed, or the signature is another commit's")

func weak(key ssh.PublicKey) bool {
	if cert, ok := key.(*ssh.Certificate); ok {
		key = cert.Key
	}
	if key.Type() == "ssh-dss" {
		return true
	}
	if k, ok := key.(ssh.CryptoPublicKey); ok {
		if r, ok := k.CryptoPublicKey().(*rsa.PublicKey); ok {
			return r.N.BitLen() < minRSABits
		}
	}
	return false
}

// present holds security keys to the proof that somebody touched them: the first bit of the flags
// that follow the signature (OpenSSH's PROTOCOL.u2f).
func present(key ssh.PublicKey, sig ssh.Signature) bool {
	if !strings.HasPrefix(key.Type(), "sk-") {
		return true
	}
	return len(sig.Rest) > 0 && sig.Rest[0]&1 == 1
}

// verifySSH finds the line of the allowed signers that the signature is good for.
func (p Policy) verifySSH(c Commit, now time.Time) (identity, error) {
	s, err := parseSSHSig(c.Signature)
	if err != nil {
		return identity{}, err
	}
	key, err := ssh.ParsePublicKey(s.PublicKey)
	if err != nil {
		return identity{}, errUnreadable
	}
	if err := s.check(key, c.Signed); err != nil {
		return identity{}, err
	}
	fault := fmt.Errorf("is signed with a key that nobody here has: %s", ssh.FingerprintSHA256(key))
	var who identity
	for _, a := range p.ssh {
		found, err := a.accepts(key, c.When, now)
		if err == nil {
			who.names, who.keys = append(who.names, found.names...), append(who.keys, found.keys...)
		} else if !errors.Is(err, errOther) {
			fault = err
		}
	}
	if len(who.names) == 0 {
		return identity{}, fault
	}
	return who, nil
}

// allowed is one line of an allowed signers file; see ssh-keygen(1), ALLOWED SIGNERS.
type allowed struct {
	principals    []string // patterns; ! in front takes away
	key           ssh.PublicKey
	authority     bool
	namespaces    []string // patterns; none means all
	after, before time.Time
	line          int
}

// errOther says that a line is about another key.
var errOther = errors.New("another key")

// accepts returns who the key is, by this line.
func (a allowed) accepts(key ssh.PublicKey, when, now time.Time) (identity, error) {
	cert, certified := key.(*ssh.Certificate)
	if certified != a.authority {
		return identity{}, errOther
	}
	names, keys := a.principals, []string{ssh.FingerprintSHA256(key)}
	if certified {
		if !bytes.Equal(cert.SignatureKey.Marshal(), a.key.Marshal()) {
			return identity{}, errOther
		}
		var err error
		if names, err = a.certified(cert, when, now); err != nil {
			return identity{}, err
		}
		keys = append(keys, ssh.FingerprintSHA256(cert.Key), ssh.FingerprintSHA256(a.key))
	} else if !bytes.Equal(key.Marshal(), a.key.Marshal()) {
		return identity{}, errOther
	}
	who := identity{names, keys}
	if len(a.namespaces) > 0 && !anyMatches(a.namespaces, gitNamespace) {
		return identity{}, fmt.Errorf("is signed with a key of %s that is not for git", who)
	}
	for _, t := range []time.Time{when, now} {
		if !a.after.IsZero() && t.Before(a.after) {
			return identity{}, fmt.Errorf("is signed with a key of %s that is good only from %s", who, a.after.UTC().Format(time.DateTime))
		}
		if !a.before.IsZero() && !t.Before(a.before) {
			return identity{}, fmt.Errorf("is signed with a key of %s that expired on %s", who, a.before.UTC().Format(time.DateTime))
		}
	}
	return who, nil
}

// certified are the principals of a certificate that the line vouches for.
func (a allowed) certified(cert *ssh.Certificate, when, now time.Time) ([]string, error) {
	var names []string
	for _, name := range cert.ValidPrincipals {
		if anyMatches(a.principals, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 || cert.CertType != ssh.UserCert {
		return nil, fmt.Errorf("is signed with a certificate for %s, for whom its authority does not vouch here", strings.Join(cert.ValidPrincipals, ", "))
	}
	for _, t := range []time.Time{when, now} {
		checker := ssh.CertChecker{Clock: func() time.Time { return t }, SupportedCriticalOptions: []string{"force-command", "verify-required"}}
		if err := checker.CheckCert(names[0], cert); err != nil {
			return nil, fmt.Errorf("is signed with a certificate of %s that is not good: %w", names[0], err)
		}
	}
	return names, nil
}

// anyMatches is OpenSSH's pattern list: one that matches and is negated decides.
func anyMatches(patterns []string, name string) bool {
	for _, p := range patterns {
		if negated, ok := strings.CutPrefix(p, "!"); ok && matches(negated, name) {
			return false
		}
	}
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}
