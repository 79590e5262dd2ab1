package sync

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/quorate/quorate/sync/signature"
)

const dev, prod = "clusters/dev/small.yaml", "clusters/prod/ha.yaml"

// pushes are what people push, and what becomes of it: nothing said means that it is applied. Each
// returns the commit that must be named if it is refused.
var pushes = map[string]struct {
	push func(p *people) string
	says string
}{
	"signed":          {func(p *people) string { p.change("bob", dev); return p.change("ada", prod) }, ""},
	"an empty commit": {func(p *people) string { return p.commit("bob") }, ""},
	"unsigned":        {func(p *people) string { return p.change("", dev) }, "is not signed"},
	"unsigned below":  {func(p *people) string { bad := p.change("", dev); p.change("ada", dev); return bad }, "is not signed"},
	"an unknown key":  {func(p *people) string { return p.change("eve", dev) }, "is signed with a key that nobody here has: SHA256:"},
	"an expired key":  {func(p *people) string { return p.change("expired", dev) }, "is signed with a key of expired@example.com that expired on 2026-01-01"},
	"an early key":    {func(p *people) string { return p.change("early", dev) }, "is signed with a key of early@example.com that is good only from 2026-04-01"},
	"a revoked key":   {func(p *people) string { return p.change("gone", dev) }, "is signed with a revoked key of gone@example.com"},
	"a key for files": {func(p *people) string { return p.change("file", dev) }, "is signed with a key of file@example.com that is not for git"},
	"somebody else's": {func(p *people) string { return p.change("bob", prod) }, "is signed by bob@example.com, who may not change clusters/prod/ha.yaml"},
	"another kind": {func(p *people) string {
		p.change("", dev)
		return p.attach(func(string) string { return "-----BEGIN SIGNED MESSAGE-----\nx" })
	}, "has a signature of a kind that is not read"},
	"rubbish": {func(p *people) string {
		p.change("", dev)
		return p.attach(func(string) string { return "-----BEGIN SSH SIGNATURE-----\nx" })
	}, "has a signature that cannot be read"},
	"edited afterwards": {func(p *people) string {
		p.change("ada", dev)
		return p.edit(func(raw string) string { return strings.Replace(raw, "Change", "Charge", 1) })
	}, "has a signature that does not fit it"},
	"a backdated commit of an expired key": {func(p *people) string {
		p.when = time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)
		return p.change("backdated", dev)
	}, "is signed with a key of backdated@example.com that expired on 2026-02-01"},
	"another commit's signature": {func(p *people) string {
		p.change("ada", dev)
		_, signature, _ := strings.Cut(p.git("cat-file", "commit", "HEAD"), "gpgsig ")
		signature, _, _ = strings.Cut(signature, "\n\n")
		p.change("", dev)
		return p.attach(func(string) string { return strings.ReplaceAll(signature, "\n ", "\n") })
	}, "has a signature that does not fit it"},
	"a signature made for files": {func(p *people) string {
		p.change("", dev)
		return p.attach(func(raw string) string {
			return p.run([]byte(raw), "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", p.key("ada"))
		})
	}, `has a signature made for "file"`},

	"revoked in the same push": {func(p *people) string {
		bad := p.change("bob", dev)
		p.write("keys/revoked", p.public("gone")+"\n"+p.public("bob")+"\n")
		p.write("quorate.yaml", policyText)
		p.commit("ada")
		return bad
	}, "is signed with a revoked key of bob@example.com"},
	"a key that is taken away in the same push": {func(p *people) string {
		bad := p.change("bob", dev)
		p.write("keys/allowed_signers", p.line("ada", "")+"\n")
		p.commit("ada")
		return bad
	}, "is signed with a key of bob@example.com that the push itself takes away"},
	"a key that ends in the same push": {func(p *people) string {
		bad := p.change("bob", dev)
		p.write("keys/allowed_signers", p.line("ada", "")+"\n"+p.line("bob", `valid-before="20260201Z"`)+"\n")
		p.commit("ada")
		return bad
	}, "is signed with a key of bob@example.com that the push itself takes away"},
	"an OpenPGP key that is taken away in the same push": {func(p *people) string {
		p.change("", dev)
		bad := p.pgpSign("grace")
		p.write("quorate.yaml", strings.Replace(strings.Replace(policyText, "  - name: grace@example.com\n    keyFile: keys/grace.asc\n", "", 1), ", grace@example.com", "", 1))
		p.commit("ada")
		return bad
	}, "is signed with a key of grace@example.com that the push itself takes away"},
	"somebody takes her own key away": {func(p *people) string {
		p.write("keys/allowed_signers", p.line("bob", "")+"\n")
		p.write("quorate.yaml", strings.Replace(policyText, "[ada@example.com, grace", "[grace", 1))
		return p.commit("ada")
	}, "is signed with a key of ada@example.com that the push itself takes away"},
	"a key of one's own": {func(p *people) string {
		p.write("keys/allowed_signers", p.line("eve", "")+"\n"+p.line("ada", "")+"\n")
		return p.commit("eve")
	}, "is signed with a key that nobody here has"},
	"rights of one's own": {func(p *people) string {
		p.write("quorate.yaml", strings.Replace(policyText, "[ada@", "[bob@example.com, ada@", 1))
		return p.commit("bob")
	}, "is signed by bob@example.com, who may not change quorate.yaml: it says who may sign"},
	"rights that ada gives count from the next push on": {func(p *people) string {
		p.write("quorate.yaml", strings.Replace(policyText, "[ada@", "[bob@example.com, ada@", 1))
		p.commit("ada")
		return p.change("bob", prod)
	}, "is signed by bob@example.com, who may not change clusters/prod/ha.yaml"},
	"a policy that cannot be read": {func(p *people) string {
		p.write("quorate.yaml", strings.Replace(policyText, "signers: [ada", "singers: [ada", 1))
		return p.commit("ada")
	}, "quorate.yaml:15:"},
	"a policy that is taken away": {func(p *people) string { p.git("rm", "-q", "quorate.yaml"); return p.commit("") }, "is not signed"},

	"a merge": {func(p *people) string {
		p.git("checkout", "-q", "-b", "feature")
		p.change("ada", prod)
		p.git("checkout", "-q", "main")
		p.change("bob", dev)
		return p.merge("bob", "feature")
	}, ""},
	"a merge whose side is unsigned": {func(p *people) string {
		p.git("checkout", "-q", "-b", "feature")
		bad := p.change("", prod)
		p.git("checkout", "-q", "main")
		p.merge("ada", "feature")
		return bad
	}, "is not signed"},
	"an unsigned merge": {func(p *people) string {
		p.git("checkout", "-q", "-b", "feature")
		p.change("ada", prod)
		p.git("checkout", "-q", "main")
		return p.merge("", "feature")
	}, "is not signed"},
	"a merge into which something is slipped": {func(p *people) string {
		p.git("checkout", "-q", "-b", "feature")
		p.change("bob", dev)
		p.git("checkout", "-q", "main")
		p.git("merge", "-q", "--no-ff", "--no-commit", "feature")
		return p.change("bob", prod)
	}, "is signed by bob@example.com, who may not change clusters/prod/ha.yaml"},
	"a merge that undoes what others did": {func(p *people) string {
		p.git("checkout", "-q", "-b", "feature")
		p.change("bob", dev)
		p.git("checkout", "-q", "main")
		p.change("ada", prod)
		// The merge keeps feature's prod, which nobody on feature wrote.
		p.git("merge", "-q", "--no-ff", "--no-commit", "feature")
		p.git("checkout", "-q", "feature", "--", prod)
		return p.commit("bob")
	}, "is signed by bob@example.com, who may not change clusters/prod/ha.yaml"},
	"a merge that leaves something out": {func(p *people) string {
		p.git("checkout", "-q", "-b", "feature")
		p.change("ada", prod)
		p.git("checkout", "-q", "main")
		p.change("bob", dev)
		return p.merge("bob", "-s", "ours", "feature")
	}, "is signed by bob@example.com, who may not change clusters/prod/ha.yaml"},
	"a conflict that somebody else resolves": {func(p *people) string { return conflict(p, "bob") }, "is signed by bob@example.com, who may not change clusters/prod/ha.yaml"},
	"a conflict that is resolved":            {func(p *people) string { return conflict(p, "ada") }, ""},
	"a merge of three": {func(p *people) string {
		for _, branch := range []string{"one", "two"} {
			p.git("checkout", "-q", "-b", branch, "main")
			p.change("ada", "clusters/prod/"+branch+".yaml")
		}
		p.git("checkout", "-q", "main")
		return p.merge("bob", "one", "two")
	}, "is signed by bob@example.com, who may not change clusters/prod/one.yaml"},

	"a merge by the host": {func(p *people) string {
		p.git("checkout", "-q", "-b", "feature")
		p.change("ada", prod)
		p.git("checkout", "-q", "main")
		p.change("bob", dev)
		p.merge("", "feature")
		return p.pgpSign("host")
	}, ""},
	"a merge by the host of something unsigned": {func(p *people) string {
		p.git("checkout", "-q", "-b", "feature")
		bad := p.change("", dev)
		p.git("checkout", "-q", "main")
		p.merge("", "feature")
		p.pgpSign("host")
		return bad
	}, "is not signed"},
	"a merge by the host with something slipped in": {func(p *people) string {
		p.git("checkout", "-q", "-b", "feature")
		p.change("bob", dev)
		p.git("checkout", "-q", "main")
		p.git("merge", "-q", "--no-ff", "--no-commit", "feature")
		p.change("", prod)
		return p.pgpSign("host")
	}, "is signed by host@example.net, who may not change clusters/prod/ha.yaml"},
	"a squash by the host": {func(p *people) string { p.change("", prod); return p.pgpSign("host") }, "is signed by host@example.net, who may not change clusters/prod/ha.yaml"},
	"a merge of three with something slipped in": {func(p *people) string {
		for _, branch := range []string{"one", "two"} {
			p.git("checkout", "-q", "-b", branch, "main")
			p.change("bob", "clusters/dev/"+branch+".yaml")
		}
		p.git("checkout", "-q", "main")
		p.git("merge", "-q", "--no-ff", "--no-commit", "one", "two")
		return p.change("bob", prod)
	}, "is signed by bob@example.com, who may not change clusters/prod/ha.yaml"},
	"a merge of a history of its own": {func(p *people) string {
		p.git("checkout", "-q", "--orphan", "other")
		p.git("rm", "-rfq", ".")
		p.change("bob", "clusters/dev/other.yaml")
		p.git("checkout", "-q", "main")
		return p.merge("bob", "--allow-unrelated-histories", "other")
	}, ""},
	"a history of its own that is unsigned": {func(p *people) string {
		p.git("checkout", "-q", "--orphan", "other")
		p.git("rm", "-rfq", ".")
		bad := p.change("", "clusters/dev/other.yaml")
		p.git("checkout", "-q", "main")
		p.merge("bob", "--allow-unrelated-histories", "other")
		return bad
	}, "is not signed"},

	"a rebase by its author":             {func(p *people) string { rebase(p, "ada"); return p.head() }, ""},
	"a rebase that loses the signatures": {func(p *people) string { rebase(p, ""); return p.head() }, "is not signed"},
	"a branch that was rewritten": {func(p *people) string {
		p.git("commit", "-q", "--amend", "-m", "Other")
		return p.change("ada", dev)
	}, "the branch no longer holds commit"},
	"a mode": {func(p *people) string {
		p.git("update-index", "--chmod=+x", prod)
		p.git(p.signing("bob", "commit", "-q", "-m", "Mode")...)
		return p.head()
	}, "who may not change clusters/prod/ha.yaml"},
	"a removal":             {func(p *people) string { p.git("rm", "-q", prod); return p.commit("bob") }, "who may not change clusters/prod/ha.yaml"},
	"a renaming":            {func(p *people) string { p.git("mv", prod, "clusters/dev/ha.yaml"); return p.commit("bob") }, "who may not change clusters/prod/ha.yaml"},
	"a name with a newline": {func(p *people) string { return p.change("bob", "clusters/prod/a\nb") }, `who may not change clusters/prod/a\nb`},

	"OpenPGP": {func(p *people) string { p.change("", prod); return p.pgpSign("grace") }, ""},
	"OpenPGP, edited": {func(p *people) string {
		p.change("", prod)
		p.pgpSign("grace")
		return p.edit(func(raw string) string { return raw + "more\n" })
	}, "has a signature that does not fit it"},
	"OpenPGP, expired": {func(p *people) string { p.change("", dev); return p.pgpSign("old") }, "is signed with a key of old@example.com that had expired on"},
	"OpenPGP, unknown": {func(p *people) string { p.change("", dev); return p.pgpSign("mallory") }, "is signed with an OpenPGP key that nobody here has"},
	"OpenPGP, revoked by itself in the same push": {func(p *people) string {
		p.change("", dev)
		bad := p.pgpSign("grace")
		if err := p.pgp["grace"].RevokeKey(packet.KeyCompromised, "stolen", &packet.Config{Time: func() time.Time { return judgement }}); err != nil {
			p.t.Fatal(err)
		}
		p.write("keys/grace.asc", p.export("grace"))
		p.commit("ada")
		return bad
	}, "is signed with a revoked key of grace@example.com"},

	"a certificate": {func(p *people) string {
		p.certify("dora@example.com", "20260101:20270101")
		p.write(dev, "x")
		return p.signCertified()
	}, ""},
	"a certificate that expired": {func(p *people) string {
		p.certify("dora@example.com", "20250101:20260101")
		p.write(dev, "x")
		return p.signCertified()
	}, "is signed with a certificate of dora@example.com that is not good"},
	"a certificate for others": {func(p *people) string {
		p.certify("dora@evil.example.org", "20260101:20270101")
		p.write(dev, "x")
		return p.signCertified()
	}, "for whom its authority does not vouch here"},
	"a certificate without a name": {func(p *people) string {
		p.certify("", "20260101:20270101")
		p.write(dev, "x")
		return p.signCertified()
	}, "for whom its authority does not vouch here"},
	"a certificate beyond its path": {func(p *people) string {
		p.certify("dora@example.com", "20260101:20270101")
		p.write(prod, "x")
		return p.signCertified()
	}, "is signed by dora@example.com, who may not change clusters/prod/ha.yaml"},
}

// conflict lets both sides change prod, and somebody resolve it.
func conflict(p *people, resolver string) string {
	p.git("checkout", "-q", "-b", "feature")
	p.change("ada", prod)
	p.git("checkout", "-q", "main")
	p.change("ada", prod)
	p.git("merge", "-q", "--no-ff", "--no-commit", "-s", "ours", "feature")
	p.write(prod, "both: true\n")
	return p.commit(resolver)
}

// rebase puts a signed commit of a feature on top of main, with git signing for somebody, or not.
func rebase(p *people, signer string) {
	p.git("checkout", "-q", "-b", "feature")
	p.change("ada", prod)
	p.git("checkout", "-q", "main")
	p.change("bob", dev)
	p.git("checkout", "-q", "feature")
	p.git(p.signing(signer, "rebase", "-q", "main")...)
	p.git("checkout", "-q", "main")
	p.git("merge", "-q", "--ff-only", "feature")
}

func TestOnlyWhatSomebodySignedWhoMayIsApplied(t *testing.T) {
	for name, c := range pushes {
		t.Run(name, func(t *testing.T) {
			p := newPeople(t)
			before := p.head()
			named := c.push(p)
			head := p.head()
			a := p.push()
			if c.says == "" {
				if a.Verdict.Refused || a.Commit != head || !a.InForce {
					t.Errorf("not applied: %+v", a)
				}
				return
			}
			if !a.Verdict.Refused || a.Commit != before || a.Verdict.Commit != named {
				t.Errorf("%.10s should be refused and %.10s stay applied: %+v", named, before, a)
			}
			if !regexp.MustCompile(`^(commit `+named[:10]+`|the branch)`).MatchString(a.Verdict.Reason) || !strings.Contains(a.Verdict.Reason, c.says) {
				t.Errorf("it says %q, want %q", a.Verdict.Reason, c.says)
			}
		})
	}
}

func TestARefusedPushIsMendedByPushingWithoutIt(t *testing.T) {
	p := newPeople(t)
	good := p.head()
	p.change("", dev)
	p.change("ada", dev)
	if a := p.push(); !a.Verdict.Refused {
		t.Fatalf("an unsigned commit was applied: %+v", a)
	}
	p.restart() // and the next process knows it still
	if a := p.push(); !a.Verdict.Refused || a.Commit != good {
		t.Fatalf("after a restart: %+v", a)
	}
	p.git("reset", "-q", "--hard", good)
	p.change("ada", dev)
	if a := p.push(); a.Verdict.Refused || a.Commit != p.head() || a.Commits != 1 {
		t.Errorf("the mended branch is refused: %+v", a)
	}
}

func TestNobodyRollsABranchBackToAnOldCommitOfSomebodyElse(t *testing.T) {
	p := newPeople(t)
	old := p.change("ada", prod)
	p.push()
	p.change("ada", prod)
	last := p.push().Commit
	p.git("reset", "-q", "--hard", old)
	if a := p.push(); !a.Verdict.Refused || a.Commit != last || !strings.Contains(a.Verdict.Reason, "no longer holds commit "+last[:10]) {
		t.Errorf("rolled back: %+v", a)
	}
	// Only who runs the service can say that this is meant.
	if err := p.trust.Anchor.Pin(old); err != nil {
		t.Fatal(err)
	}
	p.restart()
	if a := p.push(); a.Verdict.Refused || a.Commit != old {
		t.Errorf("named as trusted, it is still refused: %+v", a)
	}
	p.change("ada", prod)
	next := p.push().Commit
	if err := p.trust.Anchor.Pin(old); err != nil || p.trust.Anchor.Commit != next {
		t.Errorf("naming it again moved trust back to %.10s (%v)", p.trust.Anchor.Commit, err)
	}
}

func TestRightsThatWereGivenInOnePushCountInTheNext(t *testing.T) {
	p := newPeople(t)
	p.write("quorate.yaml", strings.Replace(policyText, "[ada@", "[bob@example.com, ada@", 1))
	p.commit("ada")
	if a := p.push(); a.Verdict.Refused {
		t.Fatalf("ada may change the policy: %+v", a)
	}
	p.change("bob", prod)
	if a := p.push(); a.Verdict.Refused {
		t.Errorf("bob may change prod by now: %+v", a)
	}
}

func TestWithoutAPolicyEverythingIsApplied(t *testing.T) {
	p := newPeople(t)
	p.git("rm", "-q", "quorate.yaml")
	p.commit("ada")
	if a := p.push(); a.Verdict.Refused {
		t.Fatalf("ada may take the policy away: %+v", a)
	}
	p.change("", prod)
	if a := p.push(); a.Verdict.Refused || a.InForce {
		t.Errorf("there is no policy: %+v", a)
	}
}

func TestADamagedAnchorIsNotTakenForAFirstStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "applied.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := signature.OpenAnchor(file); err == nil || !strings.Contains(err.Error(), "name a trusted commit") {
		t.Errorf("a damaged anchor: %v", err)
	}
}
