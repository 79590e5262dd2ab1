package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const unit = "quorate.service"

// installed is the unit with a program in it that is there.
func installed(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd here")
	}
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), unit)
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "/usr/local/bin/quorate", self, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSystemdTakesTheUnit(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", installed(t)).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestTheUnitIsShutIn asks systemd how exposed it is: 0 is not at all, 100 is entirely.
func TestTheUnitIsShutIn(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", installed(t)).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// started is what systemd runs, with the variables of the environment file and of systemd itself in place.
func started(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	_, command, found := strings.Cut(strings.ReplaceAll(string(text), "\\\n", " "), "\nExecStart=")
	if !found {
		t.Fatal("the unit starts nothing")
	}
	command, _, _ = strings.Cut(command, "\n")
	variables := map[string]string{"STATE_DIRECTORY": "/var/lib/quorate", "CREDENTIALS_DIRECTORY": "/run/credentials/quorate.service"}
	env, err := os.ReadFile("quorate.env")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(env)) {
		if name, value, is := strings.Cut(strings.TrimSpace(line), "="); is && !strings.HasPrefix(name, "#") {
			variables[name] = value
		}
	}
	return strings.Fields(os.Expand(command, func(name string) string {
		value, known := variables[name]
		if !known {
			t.Errorf("nobody sets %s", name)
		}
		return value
	}))
}

// TestQuorateTakesTheArgumentsOfTheUnit has quorate itself read them; asked for help, too, it does nothing else.
func TestQuorateTakesTheArgumentsOfTheUnit(t *testing.T) {
	command := started(t)
	if command[0] != "/usr/local/bin/quorate" || len(command) < 6 {
		t.Fatalf("it starts %v", command)
	}
	args := append([]string{"run", "../../cmd/quorate"}, append(command[1:], "--help")...)
	if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNoSecretIsInTheEnvironment(t *testing.T) {
	text, err := os.ReadFile("quorate.env")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"TOKEN", "SECRET", "PASSWORD", "QUORATE_NOTIFY"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s is in the environment of the service, which everybody on the machine may read", secret)
		}
	}
}
