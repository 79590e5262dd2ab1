package charts

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"

	"github.com/quorate/quorate/internal/kubetest"
)

// helm runs the real one, which `make chart` builds.
func helm(t *testing.T, args ...string) (string, error) {
	t.Helper()
	program, err := filepath.Abs("../bin/helm/helm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("helm is required here: make chart")
		}
		t.Skip("helm is not built: make chart")
	}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home, "KUBECONFIG="+filepath.Join(home, "none"))
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), errors.New(said.String() + out.String())
	}
	return out.String(), nil
}

// plain is the least that can be set, and full sets all there is.
var (
	plain = []string{"--set", "repository.url=https://git.example.com/acme/clusters.git"}
	full  = []string{"--values", "testdata/full.yaml"}
)

func render(t *testing.T, values ...string) []unstructured.Unstructured {
	t.Helper()
	text, err := helm(t, append([]string{"template", "ops", "quorate", "--namespace", "quorate"}, values...)...)
	if err != nil {
		t.Fatal(err)
	}
	var all []unstructured.Unstructured
	for decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096); ; {
		var u unstructured.Unstructured
		if err := decoder.Decode(&u); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if len(u.Object) > 0 {
			all = append(all, u)
		}
	}
}

// only is the one object of a kind, as that kind.
func only[T any](t *testing.T, all []unstructured.Unstructured, kind string) T {
	t.Helper()
	var found T
	n := 0
	for _, u := range all {
		if u.GetKind() == kind {
			n++
			if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(u.Object, &found, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n != 1 {
		t.Fatalf("%d of %s", n, kind)
	}
	return found
}

func TestHelmFindsNothingToSayOfTheChart(t *testing.T) {
	for _, values := range [][]string{plain, full} {
		if out, err := helm(t, append([]string{"lint", "quorate", "--strict"}, values...)...); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

func TestHelmRefusesValuesThatCannotBeMeant(t *testing.T) {
	for want, values := range map[string][]string{
		"url":                 {"--set", "repository.branch=main"},
		"replicas":            {"--set", "replicas=2"},
		"/web/port":           {"--set", "web.port=99999"},
		"/aws/roleARN":        {"--set", "aws.roleARN=quorate"},
		"/image/digest":       {"--set", "image.digest=latest"},
		"/host/kind":          {"--set", "host.kind=bitbucket"},
		"/repository/url":     {"--set", "repository.url=https://user:hush@git.example.com/a"},
		"/terminationGrace":   {"--set", "terminationGracePeriodSeconds=30"},
		"name of a Secret":    {"--set", "credentials.keys.gitToken=token"},
		"what is not signed":  {"--set", "webhook.enabled=true"},
		"credentials.keys.ap": {"--set", "host.app.id=7"},
	} {
		if want != "url" && want != "/repository/url" {
			values = append(slices.Clone(plain), values...)
		}
		_, err := helm(t, append([]string{"template", "ops", "quorate"}, values...)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", values, err)
		}
	}
}

func TestHelmGivesThePodNoMoreThanItNeeds(t *testing.T) {
	for _, values := range [][]string{plain, full} {
		d := only[appsv1.Deployment](t, render(t, values...), "Deployment")
		if *d.Spec.Replicas != 1 || d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
			t.Errorf("two may run at once: %v %s", d.Spec.Replicas, d.Spec.Strategy.Type)
		}
		pod := d.Spec.Template.Spec
		if !*pod.SecurityContext.RunAsNonRoot || *pod.SecurityContext.RunAsUser == 0 || *pod.AutomountServiceAccountToken || len(pod.Containers) != 1 ||
			pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("pod: %+v", pod.SecurityContext)
		}
		c := pod.Containers[0]
		if s := c.SecurityContext; *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) {
			t.Errorf("container: %+v", s)
		}
		if c.LivenessProbe.HTTPGet.Path != "/healthz" || c.ReadinessProbe.HTTPGet.Path != "/readyz" {
			t.Errorf("probes: %v %v", c.LivenessProbe, c.ReadinessProbe)
		}
	}
}

func TestHelmHandsCredentialsOverByReference(t *testing.T) {
	all := render(t, full...)
	account := only[corev1.ServiceAccount](t, all, "ServiceAccount")
	if account.Annotations["eks.amazonaws.com/role-arn"] != "arn:aws:iam::123456789012:role/quorate" {
		t.Errorf("annotations: %v", account.Annotations)
	}
	c := only[appsv1.Deployment](t, all, "Deployment").Spec.Template.Spec.Containers[0]
	for _, e := range c.Env {
		if e.Name == "QUORATE_GIT_TOKEN" && (e.Value != "" || e.ValueFrom.SecretKeyRef.Name != "quorate-credentials" || e.ValueFrom.SecretKeyRef.Key != "git") {
			t.Errorf("token: %+v", e)
		}
	}
	for _, want := range []string{"--webhook-secret-file=/etc/quorate/webhook", "--host-app-key-file=/etc/quorate/app.pem", "--public-url=https://quorate.example.com", "--poll=1m"} {
		if !slices.Contains(c.Args, want) {
			t.Errorf("no %s in %v", want, c.Args)
		}
	}
	for _, u := range all {
		if u.GetKind() == "Secret" {
			t.Error("the chart makes a Secret")
		}
	}
}

// TestHelmAsksForFlagsThatThereAre runs quorate's own help, so that a renamed flag breaks the chart here.
func TestHelmAsksForFlagsThatThereAre(t *testing.T) {
	c := only[appsv1.Deployment](t, render(t, full...), "Deployment").Spec.Template.Spec.Containers[0]
	out, err := exec.CommandContext(t.Context(), "go", "run", "../cmd/quorate", "run", "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, arg := range c.Args[1:] {
		flag, _, _ := strings.Cut(arg, "=")
		if !strings.Contains(string(out), flag+" ") {
			t.Errorf("quorate run has no %s", flag)
		}
	}
}

// resources are where objects of the kinds that the chart makes are sent.
var resources = map[string]schema.GroupVersionResource{
	"Deployment":            {Group: "apps", Version: "v1", Resource: "deployments"},
	"NetworkPolicy":         {Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"},
	"PersistentVolumeClaim": {Version: "v1", Resource: "persistentvolumeclaims"},
	"Service":               {Version: "v1", Resource: "services"},
	"ServiceAccount":        {Version: "v1", Resource: "serviceaccounts"},
}

// TestKubernetesTakesWhatTheChartMakes creates it, in a namespace that lets only restricted pods in.
func TestKubernetesTakesWhatTheChartMakes(t *testing.T) {
	sets := map[string][]unstructured.Unstructured{"plain": render(t, plain...), "full": render(t, full...)}
	control := kubetest.Start(t)
	client, err := dynamic.NewForConfig(control.Config)
	if err != nil {
		t.Fatal(err)
	}
	for name, all := range sets {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}}}
		if _, err := control.Client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, u := range all {
			u.SetNamespace(name)
			if _, err := client.Resource(resources[u.GetKind()]).Namespace(name).Create(t.Context(), &u, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict}); err != nil {
				t.Errorf("%s %s: %v", u.GetKind(), u.GetName(), err)
			}
		}
		control.Await(t, "the pod of "+name+" is let in", func(ctx context.Context) (bool, error) {
			pods, err := control.Client.CoreV1().Pods(name).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/instance=ops"})
			return err == nil && len(pods.Items) == 1, err
		})
	}
}
