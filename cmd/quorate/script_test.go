package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/quorate/quorate/internal/awssim/machine"
)

// TestMain lets this binary be quorate itself: scripts run it by that name, and it runs
// itself again as the machines of a simulated region.
func TestMain(m *testing.M) {
	if code, simulated := machine.Main(); simulated {
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){"quorate": main, "kops": kopsMain, "get": getMain, "receive": receiveMain,
		"api": apiMain, "statuses": statusesMain, "comments": commentsMain, "largest": largestMain})
}

// TestScript runs the conversations in testdata/script, each with a folder, a simulated
// region and repositories of its own. What they say beyond the usual commands is in
// scriptcommand_test.go. To write what a command says now into a script: go test -update.
func TestScript(t *testing.T) { testscript.Run(t, conversations("testdata/script", setup)) }

// conversations are the scripts of a folder.
func conversations(dir string, setup func(*testscript.Env) error) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		UpdateScripts:       *update,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup:               setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sim":                    simCommandOfScript,
			"faults":                 faultsCommandOfScript,
			"repository":             repositoryCommand,
			"edit":                   editCommand,
			"push":                   pushCommand,
			"exits":                  exitsCommand,
			"start":                  startCommand,
			"end":                    endCommand,
			"eventually":             eventuallyCommand,
			"learn":                  learnCommand,
			"metrics-are-documented": metricsCommand,
		},
	}
}

// setup gives a script its files and an environment in which nothing of this computer's
// user is left: no AWS profile, no Git configuration, no cache.
func setup(env *testscript.Env) error {
	for from, to := range map[string]string{
		"testdata/small.yaml":                        "small.yaml",
		"../../examples/ha.example.com/cluster.yaml": "ha.yaml",
		// Round prices, where a user has refreshed ones: what a script reads does not move
		// with the bundled table.
		"testdata/prices.json": ".home/config/quorate/prices.json",
	} {
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		name := filepath.Join(env.WorkDir, to)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return err
		}
	}
	home := filepath.Join(env.WorkDir, ".home")
	for key, value := range map[string]string{
		"HOME": home, "XDG_CACHE_HOME": filepath.Join(home, "cache"), "XDG_CONFIG_HOME": filepath.Join(home, "config"),
		"AWS_CONFIG_FILE": filepath.Join(home, "aws"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, "aws-credentials"),
		"AWS_EC2_METADATA_DISABLED": "true", // 169.254.169.254 is not on this computer
		"AWS_ACCESS_KEY_ID":         "script", "AWS_SECRET_ACCESS_KEY": "script",
		"AWS_ENDPOINT_URL":  "http://127.0.0.1:1", // nobody, until there is a region
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_SYSTEM": os.DevNull,
		"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
		"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
	} {
		env.Setenv(key, value)
	}
	env.Values[background{}] = map[string]*process{}
	return nil
}

// claimOctet finds an N so that nobody else on this computer uses 127.N.0.0/16, not even
// another run of these tests: whoever listens at its last address has it.
func claimOctet() (octet int, release func(), err error) {
	const first, last, claims = 40, 120, 9
	for octet := first; octet <= last; octet++ {
		claim, err := net.Listen("tcp", fmt.Sprintf("127.%d.255.254:%d", octet, 10000+claims))
		if err == nil {
			return octet, func() { claim.Close() }, nil
		}
	}
	return 0, nil, fmt.Errorf("all of 127.%d.0.0 to 127.%d.0.0 are taken", first, last)
}
