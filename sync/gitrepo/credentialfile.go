package gitrepo

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/transport"
)

// maxSecretFile bounds what is read of a file with credentials in it.
const maxSecretFile = 64 << 10

// readSecretFile never shows in its errors what is in the file.
func readSecretFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if len(text) > maxSecretFile {
		return "", fmt.Errorf("%s is too long for a file of credentials", path)
	}
	return string(text), nil
}

// fromCredentialFile finds the first line of a `git credential-store` file that is about the remote: a URL
// with a user name and password, of the same scheme, host and port, and of the same user and path where the
// line or the remote names them. https://git-scm.com/docs/git-credential-store#_storage_format
func fromCredentialFile(path string, ep *transport.Endpoint) (username, password string, err error) {
	text, err := readSecretFile(path)
	if err != nil {
		return "", "", err
	}
	for line := range strings.Lines(text) {
		u, err := url.Parse(strings.TrimSpace(line))
		if err != nil || u.User == nil || !about(u, ep) {
			continue // git, too, passes over what it cannot read
		}
		password, _ := u.User.Password()
		return u.User.Username(), password, nil
	}
	return "", "", fmt.Errorf("%s has no line for %s://%s", path, ep.Protocol, ep.Host)
}

func about(u *url.URL, ep *transport.Endpoint) bool {
	port := ""
	if ep.Port != 0 {
		port = strconv.Itoa(ep.Port)
	}
	if u.Scheme != ep.Protocol || !strings.EqualFold(u.Hostname(), ep.Host) || u.Port() != port {
		return false
	}
	if ep.User != "" && ep.User != u.User.Username() {
		return false
	}
	folder := strings.Trim(u.Path, "/")
	return folder == "" || strings.Trim(ep.Path, "/") == folder
}

// fromNetrc finds the entry of a machine, or the default one, which stands after all others.
func fromNetrc(path, host string) (username, password string, err error) {
	text, err := readSecretFile(path)
	if err != nil {
		return "", "", err
	}
	entries, err := netrcEntries(netrcWords(text))
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", path, err)
	}
	for _, e := range entries {
		if e.all || strings.EqualFold(e.machine, host) {
			return e.login, e.password, nil
		}
	}
	return "", "", fmt.Errorf("%s has no entry for %s", path, host)
}

type netrcEntry struct {
	machine, login, password string
	all                      bool // the default one
}

// netrcEntries reads what there is before the first macro, which only ftp knows.
// https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html
func netrcEntries(words []string) ([]netrcEntry, error) {
	var entries []netrcEntry
	for i := 0; i < len(words) && words[i] != "macdef"; i++ {
		if words[i] == "default" {
			entries = append(entries, netrcEntry{all: true})
			continue
		}
		word := i + 1
		if i++; i == len(words) || len(entries) == 0 && words[i-1] != "machine" {
			return nil, fmt.Errorf("word %d does not belong there", word)
		}
		switch words[i-1] {
		case "machine":
			entries = append(entries, netrcEntry{machine: words[i]})
		case "login":
			entries[len(entries)-1].login = words[i]
		case "password":
			entries[len(entries)-1].password = words[i]
		case "account":
		default:
			return nil, fmt.Errorf("word %d is none that a netrc file has there", word)
		}
	}
	return entries, nil
}

// netrcWords splits at white space, with quotes for what holds some, and passes over lines of comment.
func netrcWords(text string) []string {
	var words []string
	for line := range strings.Lines(text) {
		rest := strings.TrimSpace(line)
		if strings.HasPrefix(rest, "#") {
			continue
		}
		for rest != "" {
			var word string
			word, rest = netrcWord(rest)
			words, rest = append(words, word), strings.TrimSpace(rest)
		}
	}
	return words
}

func netrcWord(text string) (word, rest string) {
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		var b strings.Builder
		for i := 0; i < len(quoted); i++ {
			switch c := quoted[i]; {
			case c == '"':
				return b.String(), quoted[i+1:]
			case c == '\\' && i+1 < len(quoted):
				i++
				b.WriteByte(quoted[i])
			default:
				b.WriteByte(c)
			}
		}
		return b.String(), ""
	}
	if end := strings.IndexAny(text, " \t"); end >= 0 {
		return text[:end], text[end:]
	}
	return text, ""
}
