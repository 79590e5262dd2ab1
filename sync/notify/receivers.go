package notify

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// makes are how lines of the list begin, and what opens the address behind.
var makes = map[string]func(*url.URL) (Receiver, error){
	"slack":   func(u *url.URL) (Receiver, error) { return newPost("slack", u, slack) },
	"teams":   func(u *url.URL) (Receiver, error) { return newPost("teams", u, teams) },
	"webhook": func(u *url.URL) (Receiver, error) { return newPost("webhook", u, plain) },
	"email":   newMail,
}

// ReadReceivers reads a file of them; see [ParseReceivers].
func ReadReceivers(file string) ([]Receiver, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("receivers of notifications: %w", err)
	}
	return ParseReceivers(string(data))
}

// ParseReceivers reads one from each line: its make, a space, and its address. Lines that begin with # are
// comments. Addresses are secrets: errors tell the number of the line.
func ParseReceivers(text string) ([]Receiver, error) {
	var all []Receiver
	var errs []error
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parse(line)
		if err != nil {
			errs = append(errs, fmt.Errorf("receivers of notifications, line %d: %w", i+1, err))
			continue
		}
		all = append(all, r)
	}
	return all, errors.Join(errs...)
}

func parse(line string) (Receiver, error) {
	name, address, _ := strings.Cut(line, " ")
	open, known := makes[name]
	if !known {
		return nil, errors.New("begin it with slack, teams, webhook or email, and a space")
	}
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return nil, errors.New("what follows " + name + " is no address") // and the error would show it
	}
	return open(u)
}
