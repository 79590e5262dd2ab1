package host_test

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/host"
)

func TestGitHubShapeKeepsTheContract(t *testing.T) {
	contract(t, newGitHubShape(t))
}

// gitHubShape speaks of a forge as GitHub does: requests and answers are checked against GitHub's
// description, and answers are its examples with the forge's facts in them.
type gitHubShape struct {
	*forgeGround

	api    *described
	logins map[string]string // by token
	app    *rsa.PublicKey
	behind time.Duration        // how far GitHub's clock is behind ours
	life   time.Duration        // of tokens for the app; an hour if zero
	ends   map[string]time.Time // when they end
}

func newGitHubShape(t *testing.T) *gitHubShape {
	g := &gitHubShape{forgeGround: &forgeGround{forge: newForge()}, logins: map[string]string{"robots-token": "robot"}, ends: map[string]time.Time{}}
	mux := http.NewServeMux()
	for pattern, serve := range map[string]func(http.ResponseWriter, *http.Request, string){
		"GET /user": g.user,
		"POST /repos/acme/clusters/statuses/{sha}":                 g.postStatus,
		"GET /repos/acme/clusters/pulls":                           g.listPulls,
		"GET /repos/acme/clusters/pulls/{n}":                       g.getPull,
		"GET /repos/acme/clusters/commits/{sha}/pulls":             g.pullsOf,
		"GET /repos/acme/clusters/branches/{branch}":               g.branch,
		"GET /repos/acme/clusters/pulls/{n}/files":                 g.listFiles,
		"GET /repos/acme/clusters/pulls/{n}/reviews":               g.listReviews,
		"GET /repos/acme/clusters/issues/{n}/comments":             g.listComments,
		"POST /repos/acme/clusters/issues/{n}/comments":            g.addComment,
		"PATCH /repos/acme/clusters/issues/comments/{id}":          g.editComment,
		"DELETE /repos/acme/clusters/issues/comments/{id}":         g.deleteComment,
		"GET /repos/acme/clusters/collaborators/{user}/permission": g.permission,
		"GET /orgs/{org}/teams/{slug}/memberships/{user}":          g.membership,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/v3"+path, func(w http.ResponseWriter, r *http.Request) {
			g.mu.Lock()
			defer g.mu.Unlock()
			login, known := g.logins[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
			if !known || r.Header.Get("User-Agent") == "" {
				reply(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
				return
			}
			serve(w, r, login)
		})
	}
	mux.HandleFunc("POST /api/v3/app/installations/{id}/access_tokens", g.installationToken)
	mux.HandleFunc("GET /api/v3/app", g.getApp)
	g.api = describe(t, "testdata/github-openapi.json", "/api/v3", mux)
	g.sky = newSky(t, host.GitHub, g.api)
	return g
}

func (g *gitHubShape) open(t *testing.T) host.Host {
	t.Helper()
	h, err := host.Open(host.Config{Repository: g.sky.URL + "/acme/clusters.git", Kind: host.GitHub, TokenFile: tokenFile(t, "robots-token")})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func notFound(w http.ResponseWriter) {
	reply(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
}

func (g *gitHubShape) user(w http.ResponseWriter, _ *http.Request, login string) {
	reply(w, http.StatusOK, g.api.object("private-user-response-with-public-profile-information", map[string]any{"login": login, "user_view_type": "public"}))
}

func (g *gitHubShape) postStatus(w http.ResponseWriter, r *http.Request, _ string) {
	var in struct {
		State, Context, Description string
		URL                         string `json:"target_url"`
	}
	json.NewDecoder(r.Body).Decode(&in)
	sha := r.PathValue("sha")
	switch {
	case !g.knows(sha):
		reply(w, http.StatusUnprocessableEntity, map[string]string{"message": "No commit found for SHA: " + sha})
		return
	case len([]rune(in.Description)) > 140:
		reply(w, http.StatusUnprocessableEntity, map[string]string{"message": "Validation Failed"})
		return
	}
	g.posted[sha] = append(g.posted[sha], commitstatus.Status{Context: in.Context, State: commitstatus.State(in.State), Description: in.Description})
	reply(w, http.StatusCreated, g.api.object("status", map[string]any{"state": in.State, "context": in.Context, "description": in.Description, "target_url": in.URL}))
}

func (g *gitHubShape) listPulls(w http.ResponseWriter, r *http.Request, _ string) {
	g.replyPulls(w, r, g.forge.open())
}

func (g *gitHubShape) replyPulls(w http.ResponseWriter, r *http.Request, proposals []*proposal) {
	some, next := page(r, proposals)
	all := []any{}
	for _, p := range some {
		all = append(all, g.pull("pull-request-simple-items", p))
	}
	linkNext(w, r, next)
	reply(w, http.StatusOK, all)
}

// pull is GitHub's example with the facts of a proposal.
func (g *gitHubShape) pull(example string, p *proposal) map[string]any {
	source := map[string]any{"id": 1296269}
	if p.fork {
		source["id"] = 1296270
	}
	facts := map[string]any{
		"number": p.number, "user": map[string]any{"login": p.author}, "draft": false, "state": "open", "merged_at": nil,
		"requested_teams": []any{}, // GitHub's example has teams that are not as its description says
		"html_url":        fmt.Sprintf("https://github.com/acme/clusters/pull/%d", p.number),
	}
	if p.merged != "" {
		facts["state"], facts["merged_at"] = "closed", g.now()
	}
	if example == "pull-request" { // who merged it is told of single ones only
		facts["merged"], facts["merged_by"] = p.merged != "", nil
		if p.merged != "" {
			facts["merged_by"] = map[string]any{"login": p.mergedBy}
		}
	}
	pull := g.api.object(example, facts)
	g.set(pull, "head", p.head, "new-topic", source)
	g.set(pull, "base", forgeTip, "main", map[string]any{"id": 1296269})
	return pull
}

func (g *gitHubShape) getPull(w http.ResponseWriter, r *http.Request, _ string) {
	p := g.proposal(r.PathValue("n"))
	if p == nil {
		notFound(w)
		return
	}
	reply(w, http.StatusOK, g.pull("pull-request", p))
}

func (g *gitHubShape) pullsOf(w http.ResponseWriter, r *http.Request, _ string) {
	sha := r.PathValue("sha")
	if !g.knows(sha) {
		reply(w, http.StatusUnprocessableEntity, map[string]string{"message": "No commit found for SHA: " + sha})
		return
	}
	g.replyPulls(w, r, g.with(sha))
}

func (g *gitHubShape) set(pull map[string]any, end, sha, ref string, repo map[string]any) {
	branch := pull[end].(map[string]any)
	branch["sha"], branch["ref"] = sha, ref
	maps.Copy(branch["repo"].(map[string]any), repo)
}

func (g *gitHubShape) branch(w http.ResponseWriter, r *http.Request, _ string) {
	if r.PathValue("branch") != "main" {
		notFound(w)
		return
	}
	reply(w, http.StatusOK, g.api.object("branch-get", map[string]any{"name": "main", "commit": map[string]any{"sha": forgeTip}}))
}

func (g *gitHubShape) listFiles(w http.ResponseWriter, r *http.Request, _ string) {
	p := g.proposal(r.PathValue("n"))
	if p == nil {
		notFound(w)
		return
	}
	some, next := page(r, p.files)
	all := []any{}
	for _, file := range some {
		all = append(all, g.api.object("diff-entry-items", map[string]any{"filename": file}))
	}
	linkNext(w, r, next)
	reply(w, http.StatusOK, all)
}

func (g *gitHubShape) listReviews(w http.ResponseWriter, r *http.Request, _ string) {
	p := g.proposal(r.PathValue("n"))
	all := []any{}
	for _, a := range p.approvals {
		all = append(all, g.api.object("pull-request-review-items", map[string]any{
			"user": map[string]any{"login": a.reviewer}, "state": "APPROVED", "commit_id": a.head, "submitted_at": a.at,
		}), g.api.object("pull-request-review-items", map[string]any{
			"user": map[string]any{"login": a.reviewer}, "state": "COMMENTED", "commit_id": a.head, "submitted_at": a.at,
		}))
	}
	reply(w, http.StatusOK, all)
}

func (g *gitHubShape) render(c *comment) map[string]any {
	return g.api.object("issue-comment", map[string]any{
		"id": c.id, "body": c.body, "user": map[string]any{"login": c.author}, "created_at": c.made, "updated_at": c.changed,
	})
}

func (g *gitHubShape) listComments(w http.ResponseWriter, r *http.Request, _ string) {
	p := g.proposal(r.PathValue("n"))
	since, _ := time.Parse(time.RFC3339, r.URL.Query().Get("since"))
	var recent []*comment
	for _, c := range p.comments {
		if !c.changed.Before(since) {
			recent = append(recent, c)
		}
	}
	some, next := page(r, recent)
	all := []any{}
	for _, c := range some {
		all = append(all, g.render(c))
	}
	linkNext(w, r, next)
	reply(w, http.StatusOK, all)
}

// body is the text of a comment, unless it is longer than GitHub takes.
func (g *gitHubShape) body(w http.ResponseWriter, r *http.Request) (string, bool) {
	var in struct{ Body string }
	json.NewDecoder(r.Body).Decode(&in)
	if len([]rune(in.Body)) > 65536 {
		reply(w, http.StatusUnprocessableEntity, map[string]string{"message": "Body is too long (maximum is 65536 characters)"})
		return "", false
	}
	return in.Body, true
}

func (g *gitHubShape) addComment(w http.ResponseWriter, r *http.Request, login string) {
	if body, ok := g.body(w, r); ok {
		reply(w, http.StatusCreated, g.render(g.remark(g.proposal(r.PathValue("n")), login, body)))
	}
}

func (g *gitHubShape) editComment(w http.ResponseWriter, r *http.Request, _ string) {
	_, c := g.forge.comment(r.PathValue("id"))
	if body, ok := g.body(w, r); ok {
		c.body, c.changed = body, g.now()
		reply(w, http.StatusOK, g.render(c))
	}
}

func (g *gitHubShape) deleteComment(w http.ResponseWriter, r *http.Request, _ string) {
	p, c := g.forge.comment(r.PathValue("id"))
	p.drop(c)
	w.WriteHeader(http.StatusNoContent)
}

func (g *gitHubShape) permission(w http.ResponseWriter, r *http.Request, _ string) {
	role, known := g.roles[r.PathValue("user")]
	if !known {
		notFound(w)
		return
	}
	reply(w, http.StatusOK, g.api.object("repository-collaborator-permission-response-if-user-has-admin-permissions", map[string]any{
		"permission": role.String(), "role_name": role.String(), "user": map[string]any{"login": r.PathValue("user"), "role_name": role.String()},
	}))
}

func (g *gitHubShape) membership(w http.ResponseWriter, r *http.Request, _ string) {
	team := r.PathValue("org") + "/" + r.PathValue("slug")
	states := map[string]string{"bob": "active", "cleo": "pending"} // she was invited, and has not said yes
	if team != sre || states[r.PathValue("user")] == "" {
		notFound(w)
		return
	}
	reply(w, http.StatusOK, g.api.object("team-membership-response-if-user-is-a-team-maintainer", map[string]any{"role": "member", "state": states[r.PathValue("user")]}))
}

// installationToken gives a token to whoever signs as the app.
func (g *gitHubShape) installationToken(w http.ResponseWriter, r *http.Request) {
	var in struct{ Repositories []string }
	json.NewDecoder(r.Body).Decode(&in)
	if err := g.signed(r); err != nil || r.PathValue("id") != "4711" || !slices.Equal(in.Repositories, []string{"clusters"}) {
		reply(w, http.StatusUnauthorized, map[string]string{"message": fmt.Sprint(err)})
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	token := fmt.Sprintf("ghs_%d", len(g.logins))
	g.logins[token], g.ends[token] = "quorate-app[bot]", time.Now().Add(cmp.Or(g.life, time.Hour))
	reply(w, http.StatusCreated, map[string]any{"token": token, "expires_at": g.ends[token].UTC().Format(time.RFC3339)})
}

func (g *gitHubShape) getApp(w http.ResponseWriter, r *http.Request) {
	if err := g.signed(r); err != nil {
		reply(w, http.StatusUnauthorized, map[string]string{"message": err.Error()})
		return
	}
	reply(w, http.StatusOK, g.api.object("integration", map[string]any{"slug": "quorate-app"}))
}

// signed checks an app's JWT as GitHub does: RS256, of app 42, for ten minutes at most.
// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
func (g *gitHubShape) signed(r *http.Request) error {
	parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	if len(parts) != 3 || g.app == nil {
		return errors.New("a JSON web token could not be decoded")
	}
	var header struct{ Alg string }
	var claims struct {
		Iss      string
		Iat, Exp int64
	}
	var signature []byte
	for i, into := range []any{&header, &claims, &signature} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return err
		}
		if i == 2 {
			signature = text
		} else if err := json.Unmarshal(text, into); err != nil {
			return err
		}
	}
	now := time.Now().Add(-g.behind).Unix()
	if header.Alg != "RS256" || claims.Iss != "42" || claims.Iat > now || claims.Exp < now || claims.Exp > now+600 {
		return fmt.Errorf("bad claims: %+v %+v", header, claims)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return rsa.VerifyPKCS1v15(g.app, crypto.SHA256, sum[:], signature)
}

// newKey gives the app another key, in the same file.
func (g *gitHubShape) newKey(t *testing.T, file string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	g.app = &key.PublicKey
}

func TestGitHubAppSpeaksThoughClocksDiffer(t *testing.T) {
	for _, behind := range []time.Duration{55 * time.Second, 0, -5 * time.Minute} {
		g := newGitHubShape(t)
		g.behind = behind
		file := filepath.Join(t.TempDir(), "app.pem")
		g.newKey(t, file)
		h, err := host.Open(host.Config{Repository: g.sky.URL + "/acme/clusters", Kind: host.GitHub, App: host.App{ID: 42, Installation: 4711, KeyFile: file}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.PullRequests(t.Context()); err != nil {
			t.Errorf("%v behind us: %v", behind, err)
		}
	}
}

func TestGitHubAppSpeaksUnderItsOwnName(t *testing.T) {
	g := newGitHubShape(t)
	file := filepath.Join(t.TempDir(), "app.pem")
	newKey := func() { g.newKey(t, file) }
	newKey()
	h, err := host.Open(host.Config{
		Repository: g.sky.URL + "/acme/clusters", Kind: host.GitHub, App: host.App{ID: 42, Installation: 4711, KeyFile: file},
	})
	if err != nil {
		t.Fatal(err)
	}
	number, _ := g.propose(t, "bob", false, "a.yaml")
	for _, body := range []string{"3 steps", "4 steps"} {
		if err := h.Keep(t.Context(), number, host.Remark{Name: "plan", Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	if got := g.comments(t, number); len(got) != 1 || got[0] != (said{"quorate-app[bot]", "<!-- quorate:plan -->\n4 steps"}) {
		t.Errorf("%+v", got)
	}
	if len(g.logins) != 2 {
		t.Errorf("%d tokens were asked for, one lasts an hour", len(g.logins)-1)
	}
	newKey() // rotated while we run
	if err := h.Keep(t.Context(), number, host.Remark{Name: "plan", Body: "5 steps"}); err != nil {
		t.Errorf("after the key was changed: %v", err)
	}
	g.app = nil
	newKey()
	g.app = nil
	if err := h.Keep(t.Context(), number, host.Remark{Name: "plan", Body: "6 steps"}); !errors.Is(err, host.ErrRefused) {
		t.Errorf("with a key that GitHub does not know: %v", err)
	}
}
