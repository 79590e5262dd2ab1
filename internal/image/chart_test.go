package image

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v4"
)

// object is the part of a Deployment of Kubernetes that must fit the image.
type object struct {
	Kind string `yaml:"kind"`
	Spec struct {
		Template struct {
			Spec podSpec `yaml:"spec"`
		} `yaml:"template"`
	} `yaml:"spec"`
}

type podSpec struct {
	SecurityContext struct {
		RunAsUser  int `yaml:"runAsUser"`
		RunAsGroup int `yaml:"runAsGroup"`
		FSGroup    int `yaml:"fsGroup"`
	} `yaml:"securityContext"`
	Containers []struct {
		Command []string `yaml:"command"`
		Args    []string `yaml:"args"`
		Env     []struct {
			Name  string `yaml:"name"`
			Value string `yaml:"value"`
		} `yaml:"env"`
		SecurityContext struct {
			ReadOnlyRootFilesystem bool `yaml:"readOnlyRootFilesystem"`
		} `yaml:"securityContext"`
		VolumeMounts []struct {
			MountPath string `yaml:"mountPath"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	} `yaml:"containers"`
}

// charted is the pod of the chart, as the real Helm renders it.
func charted(t *testing.T) podSpec {
	t.Helper()
	helm, err := filepath.Abs("../../bin/helm/helm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(helm); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("helm is required here: make image-test")
		}
		t.Skip("helm is not built: make image-test")
	}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), helm, "template", "ops", "../../charts/quorate", "--set", "repository.url=https://git.example.com/acme/clusters.git")
	cmd.Env = append(os.Environ(), "HOME="+home, "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o object
		if err := decoder.Decode(&o); errors.Is(err, io.EOF) {
			t.Fatal("the chart makes no Deployment")
		} else if err != nil {
			t.Fatal(err)
		}
		if o.Kind == "Deployment" {
			return o.Spec.Template.Spec
		}
	}
}

func TestHelmRunsTheImageAsItIs(t *testing.T) {
	pod := charted(t)
	if s := pod.SecurityContext; s.RunAsUser != User || s.RunAsGroup != User || s.FSGroup != User {
		t.Errorf("the image's user is %d: %+v", User, s)
	}
	c := pod.Containers[0]
	if len(c.Command) > 0 || !slices.Contains(c.Args, "--state="+State) {
		t.Errorf("command %v, arguments %v", c.Command, c.Args)
	}
	for _, e := range c.Env {
		if e.Name == "HOME" && e.Value != State {
			t.Errorf("HOME is %s", e.Value)
		}
	}
	// What the image lets its user write must be writable on a root that is not, and nothing else need be.
	var writable []string
	for _, m := range c.VolumeMounts {
		if !m.ReadOnly {
			writable = append(writable, m.MountPath)
		}
	}
	slices.Sort(writable)
	if !c.SecurityContext.ReadOnlyRootFilesystem || !slices.Equal(writable, []string{"/tmp", State}) {
		t.Errorf("writable: %v", writable)
	}
}
