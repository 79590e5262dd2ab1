package checkup

import (
	"crypto/x509"
	"fmt"
	"time"
)

// How long before the end of a certificate people are told. API servers get theirs when their machine boots,
// so a roll renews it; an authority is rotated by hand, in steps that take days.
const (
	servingSoon, servingNow     = 30 * 24 * time.Hour, 7 * 24 * time.Hour
	authoritySoon, authorityNow = 180 * 24 * time.Hour, 30 * 24 * time.Hour
)

// certificates asks when those of the API servers and of their authority end, and whether the one signed the
// other.
func certificates(f Facts) []Finding {
	var found []Finding
	first := time.Time{}
	for _, s := range f.Serving {
		if !s.Certificate.Known() {
			found = append(found, unknown(name(s.Group), "the certificate of the API server: "+s.Certificate.Unknown, "make machine "+s.Machine+" reachable from here (--proxy), or leave the check out (--without certificates)"))
			continue
		}
		c := s.Certificate.Value
		found = append(found, ends(name(s.Group), "the API server's certificate", c.NotAfter, f.At, servingSoon, servingNow, "replace the master: it gets another when it boots (quorate.dev/roll-at, or a change of its template)")...)
		if f.Authority.Known() && !signedBy(c, f.Authority.Value) {
			found = append(found, failure(name(s.Group), "the API server shows a certificate that no authority in the state store signed", "see who made it: it was issued by "+c.Issuer.String()))
		}
		if first.IsZero() || c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	if !f.Authority.Known() {
		found = append(found, unknown("kubernetes-ca", "when the authority ends: "+f.Authority.Unknown, "let quorate read pki/issued of the state store, or leave the check out (--without certificates)"))
	}
	for _, c := range f.Authority.Value {
		found = append(found, ends("kubernetes-ca", "the authority "+c.SerialNumber.String(), c.NotAfter, f.At, authoritySoon, authorityNow, "rotate it: kops create keypair kubernetes-ca, roll, promote, roll, distrust")...)
		if first.IsZero() || c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	if len(found) == 0 && !first.IsZero() {
		return ok(fmt.Sprintf("%s checked, the first ends in %s", count(len(f.Serving)+len(f.Authority.Value), "certificate"), span(first.Sub(f.At))))
	}
	return found
}

// ends is a finding if the end is near.
func ends(subject, what string, end, now time.Time, soon, urgent time.Duration, action string) []Finding {
	left := end.Sub(now)
	switch {
	case left <= 0:
		return []Finding{failure(subject, fmt.Sprintf("%s ended %s ago", what, span(left)), action)}
	case left < urgent:
		return []Finding{failure(subject, fmt.Sprintf("%s ends in %s", what, span(left)), action)}
	case left < soon:
		return []Finding{warning(subject, fmt.Sprintf("%s ends in %s", what, span(left)), action)}
	}
	return nil
}

// signedBy leaves the times out of it: that it has ended is said apart.
func signedBy(c *x509.Certificate, authorities []*x509.Certificate) bool {
	for _, a := range authorities {
		if c.CheckSignatureFrom(a) == nil {
			return true
		}
	}
	return false
}
