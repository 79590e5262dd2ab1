package host_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/host"
)

func TestGitLabShapeKeepsTheContract(t *testing.T) {
	contract(t, newGitLabShape(t))
}

// gitLabShape speaks of a forge as GitLab does. Requests are checked against a description written after
// GitLab's documentation; answers have the fields of the examples there.
type gitLabShape struct {
	*forgeGround

	// more makes GitLab say that it does not list all files.
	more bool
}

func newGitLabShape(t *testing.T) *gitLabShape {
	g := &gitLabShape{forgeGround: &forgeGround{forge: newForge()}}
	mux := http.NewServeMux()
	const mr = "/projects/{id}/merge_requests/{iid}"
	for pattern, serve := range map[string]http.HandlerFunc{
		"GET /user":                          g.user,
		"GET /users":                         g.users,
		"POST /projects/{id}/statuses/{sha}": g.postStatus,
		"GET /projects/{id}/repository/commits/{sha}/statuses":       g.listStatuses,
		"GET /projects/{id}/repository/branches/{branch}":            g.branch,
		"GET /projects/{id}/repository/commits/{sha}/merge_requests": g.requestsOf,
		"GET /projects/{id}/merge_requests":                          g.listRequests,
		"GET " + mr:                                                  g.request,
		"GET " + mr + "/diffs":                                       g.diffs,
		"GET " + mr + "/versions":                                    g.versions,
		"GET " + mr + "/approvals":                                   g.approvals,
		"GET " + mr + "/notes":                                       g.listNotes,
		"POST " + mr + "/notes":                                      g.addNote,
		"PUT " + mr + "/notes/{note}":                                g.editNote,
		"DELETE " + mr + "/notes/{note}":                             g.deleteNote,
		"GET /projects/{id}/members/all/{user}":                      g.member,
		"GET /groups/{group}/members/all/{user}":                     g.groupMember,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/v4"+path, func(w http.ResponseWriter, r *http.Request) {
			g.mu.Lock()
			defer g.mu.Unlock()
			iid := r.PathValue("iid")
			switch {
			case r.Header.Get("Authorization") != "Bearer robots-token":
				reply(w, http.StatusUnauthorized, map[string]string{"message": "401 Unauthorized"})
			case r.PathValue("id") != "" && r.PathValue("id") != "acme/infra/clusters":
				reply(w, http.StatusNotFound, map[string]string{"message": "404 Project Not Found"})
			case iid != "" && g.proposal(iid) == nil:
				reply(w, http.StatusNotFound, map[string]string{"message": "404 Not found"})
			default:
				serve(w, r)
			}
		})
	}
	g.sky = newSky(t, host.GitLab, describe(t, "testdata/gitlab-openapi.yaml", "/api/v4", mux))
	return g
}

func (g *gitLabShape) open(t *testing.T) host.Host {
	t.Helper()
	h, err := host.Open(host.Config{Repository: g.sky.URL + "/acme/infra/clusters.git", Kind: host.GitLab, TokenFile: tokenFile(t, "robots-token")})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// person is how GitLab shows a user within other things.
func (g *gitLabShape) person(name string) map[string]any {
	return map[string]any{"id": g.userID(name), "username": name, "name": name, "state": "active", "web_url": "https://gitlab.example.com/" + name}
}

func replyPage[T any](w http.ResponseWriter, r *http.Request, all []T, render func(T) map[string]any) {
	some, next := page(r, all)
	out := []any{}
	for _, one := range some {
		out = append(out, render(one))
	}
	if next != 0 {
		w.Header().Set("X-Next-Page", fmt.Sprint(next))
	}
	reply(w, http.StatusOK, out)
}

func (g *gitLabShape) user(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, g.person("robot"))
}

func (g *gitLabShape) users(w http.ResponseWriter, r *http.Request) {
	var found []string
	if _, known := g.roles[r.URL.Query().Get("username")]; known {
		found = append(found, r.URL.Query().Get("username"))
	}
	replyPage(w, r, found, g.person)
}

// finished says that a status of that state is never changed: the next one is a new one.
func finished(s commitstatus.State) bool { return s == "success" || s == "failed" }

// postStatus changes the status of the name while it is not finished, and refuses to make it what it is
// already, though only after it has taken the sentence.
func (g *gitLabShape) postStatus(w http.ResponseWriter, r *http.Request) {
	var in struct{ State, Name, Description string }
	json.NewDecoder(r.Body).Decode(&in)
	sha := r.PathValue("sha")
	if !g.knows(sha) {
		reply(w, http.StatusNotFound, map[string]string{"message": "404 Commit Not Found"})
		return
	}
	next := commitstatus.Status{Context: in.Name, State: commitstatus.State(in.State), Description: in.Description}
	for i := range g.posted[sha] {
		old := &g.posted[sha][i]
		if old.Context != next.Context || finished(old.State) {
			continue
		}
		old.Description = next.Description
		if old.State == next.State {
			reply(w, http.StatusBadRequest, map[string]string{
				"message": `Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via "enqueue")`,
			})
			return
		}
		old.State = next.State
		reply(w, http.StatusCreated, renderStatus(*old))
		return
	}
	g.posted[sha] = append(g.posted[sha], next)
	reply(w, http.StatusCreated, renderStatus(next))
}

func renderStatus(s commitstatus.Status) map[string]any {
	return map[string]any{"id": 93, "name": s.Context, "status": s.State, "description": s.Description, "allow_failure": false}
}

func (g *gitLabShape) listStatuses(w http.ResponseWriter, r *http.Request) {
	latest := map[string]commitstatus.Status{}
	for _, s := range g.posted[r.PathValue("sha")] {
		if s.Context == r.URL.Query().Get("name") {
			latest[s.Context] = s
		}
	}
	all := []any{}
	for _, s := range latest {
		all = append(all, renderStatus(s))
	}
	reply(w, http.StatusOK, all)
}

// statuses are in the words of ours, in which failure is not failed.
func (g *gitLabShape) statuses(t *testing.T, commit string) map[string]string {
	seen := g.forgeGround.statuses(t, commit)
	for name, text := range seen {
		seen[name] = strings.Replace(text, "failed: ", "failure: ", 1)
	}
	return seen
}

func (g *gitLabShape) branch(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("branch") != "main" {
		reply(w, http.StatusNotFound, map[string]string{"message": "404 Branch Not Found"})
		return
	}
	reply(w, http.StatusOK, map[string]any{"name": "main", "commit": map[string]any{"id": forgeTip}})
}

func (g *gitLabShape) render(p *proposal) map[string]any {
	source := 5
	if p.fork {
		source = 6
	}
	count := fmt.Sprint(len(p.files))
	if g.more {
		count += "+"
	}
	state, merger := "opened", any(nil)
	if p.merged != "" {
		state, merger = "merged", g.person(p.mergedBy)
	}
	return map[string]any{
		"id": 1000 + p.number, "iid": p.number, "state": state, "merge_user": merger, "target_branch": "main", "source_branch": "topic", "sha": p.head,
		"author": g.person(p.author), "source_project_id": source, "target_project_id": 5, "project_id": 5, "draft": false,
		"web_url": fmt.Sprintf("https://gitlab.example.com/acme/infra/clusters/-/merge_requests/%d", p.number), "changes_count": count,
	}
}

func (g *gitLabShape) listRequests(w http.ResponseWriter, r *http.Request) {
	replyPage(w, r, g.forge.open(), g.render)
}

func (g *gitLabShape) requestsOf(w http.ResponseWriter, r *http.Request) {
	if !g.knows(r.PathValue("sha")) {
		reply(w, http.StatusNotFound, map[string]string{"message": "404 Commit Not Found"})
		return
	}
	replyPage(w, r, g.with(r.PathValue("sha")), g.render)
}

func (g *gitLabShape) request(w http.ResponseWriter, r *http.Request) {
	reply(w, http.StatusOK, g.render(g.proposal(r.PathValue("iid"))))
}

func (g *gitLabShape) diffs(w http.ResponseWriter, r *http.Request) {
	replyPage(w, r, g.proposal(r.PathValue("iid")).files, func(file string) map[string]any {
		return map[string]any{"old_path": file, "new_path": file, "new_file": true, "diff": "@@ -0,0 +1 @@\n+x\n"}
	})
}

func (g *gitLabShape) versions(w http.ResponseWriter, r *http.Request) {
	p := g.proposal(r.PathValue("iid"))
	replyPage(w, r, []*proposal{p}, func(p *proposal) map[string]any {
		return map[string]any{"id": 110, "head_commit_sha": p.head, "base_commit_sha": forgeTip, "created_at": p.opened, "state": "collected"}
	})
}

func (g *gitLabShape) approvals(w http.ResponseWriter, r *http.Request) {
	given := []any{}
	for _, a := range g.proposal(r.PathValue("iid")).approvals {
		given = append(given, map[string]any{"user": g.person(a.reviewer), "approved_at": a.at})
	}
	reply(w, http.StatusOK, map[string]any{"approved": len(given) > 0, "approved_by": given})
}

func (g *gitLabShape) note(c *comment) map[string]any {
	return map[string]any{
		"id": c.id, "body": c.body, "author": g.person(c.author), "created_at": c.made, "updated_at": c.changed, "system": false, "internal": false,
	}
}

// listNotes has a note of GitLab's own at its end, as after each push.
func (g *gitLabShape) listNotes(w http.ResponseWriter, r *http.Request) {
	p := g.proposal(r.PathValue("iid"))
	pushed := &comment{id: 999_999, author: p.author, body: "added 1 commit", made: p.opened, changed: p.opened}
	replyPage(w, r, append(slices.Clip(p.comments), pushed), func(c *comment) map[string]any {
		note := g.note(c)
		note["system"] = c == pushed
		return note
	})
}

// noteBody is the text of a note, unless it is longer than GitLab takes.
func noteBody(w http.ResponseWriter, r *http.Request) (string, bool) {
	var in struct{ Body string }
	json.NewDecoder(r.Body).Decode(&in)
	if len([]rune(in.Body)) > 1_000_000 {
		reply(w, http.StatusBadRequest, map[string]any{"message": map[string]any{"note": []string{"is too long (maximum is 1000000 characters)"}}})
		return "", false
	}
	return in.Body, true
}

func (g *gitLabShape) addNote(w http.ResponseWriter, r *http.Request) {
	if body, ok := noteBody(w, r); ok {
		reply(w, http.StatusCreated, g.note(g.remark(g.proposal(r.PathValue("iid")), "robot", body)))
	}
}

func (g *gitLabShape) editNote(w http.ResponseWriter, r *http.Request) {
	_, c := g.forge.comment(r.PathValue("note"))
	if body, ok := noteBody(w, r); ok {
		c.body, c.changed = body, g.now()
		reply(w, http.StatusOK, g.note(c))
	}
}

func (g *gitLabShape) deleteNote(w http.ResponseWriter, r *http.Request) {
	p, c := g.forge.comment(r.PathValue("note"))
	p.drop(c)
	w.WriteHeader(http.StatusNoContent)
}

func (g *gitLabShape) member(w http.ResponseWriter, r *http.Request) {
	levels := map[host.Role]int{host.Admin: 40, host.Write: 30, host.Read: 20}
	id, _ := strconv.Atoi(r.PathValue("user"))
	for name, role := range g.roles {
		if level := levels[role]; g.userID(name) == id && level > 0 {
			member := g.person(name)
			member["access_level"] = level
			reply(w, http.StatusOK, member)
			return
		}
	}
	reply(w, http.StatusNotFound, map[string]string{"message": "404 Not found"})
}

func (g *gitLabShape) groupMember(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("group") != sre || r.PathValue("user") != strconv.Itoa(g.userID("bob")) {
		reply(w, http.StatusNotFound, map[string]string{"message": "404 Not found"})
		return
	}
	member := g.person("bob")
	member["access_level"] = 30
	reply(w, http.StatusOK, member)
}

func TestGitLabSaysThatItDoesNotListAllFiles(t *testing.T) {
	g := newGitLabShape(t)
	number, _ := g.propose(t, "bob", false, "a.yaml")
	g.more = true
	changed, err := g.open(t).Changed(t.Context(), number)
	if err != nil || !changed.Truncated {
		t.Errorf("%+v, %v", changed, err)
	}
}
