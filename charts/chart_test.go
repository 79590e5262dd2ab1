package charts

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"

	"github.com/quorate/quorate/internal/kubetest"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/repositories"
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

// plain is the least that can be set, full sets all there is for one repository, and several are several.
var (
	plain   = []string{"--set", "repository.url=https://git.example.com/acme/clusters.git"}
	full    = []string{"--values", "testdata/full.yaml"}
	several = []string{"--values", "testdata/several.yaml"}
	each    = map[string][]string{"plain": plain, "full": full, "several": several}
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
	for _, values := range each {
		if out, err := helm(t, append([]string{"lint", "quorate", "--strict"}, values...)...); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// TestHelmTakesWhatTheDocumentationSays renders each block of values in it.
func TestHelmTakesWhatTheDocumentationSays(t *testing.T) {
	page, err := os.ReadFile("../docs/deploying.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`(?m)^    (# values\.yaml|repositories:)\n(    .*\n)+`).FindAllString(string(page), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks of values", len(blocks))
	}
	for _, block := range blocks {
		file := filepath.Join(t.TempDir(), "values.yaml")
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(block, "\n    ", "\n")[4:]), 0o600); err != nil {
			t.Fatal(err)
		}
		render(t, "--values", file)
	}
}

func TestHelmRefusesValuesThatCannotBeMeant(t *testing.T) {
	set := func(base []string, values ...string) []string {
		all := slices.Clone(base)
		for _, v := range values {
			all = append(all, "--set", v)
		}
		return all
	}
	listed := func(values ...string) []string {
		return set(nil, append([]string{"repositories[0].name=a", "repositories[0].url=https://git.example.com/a.git"}, values...)...)
	}
	for want, values := range map[string][]string{
		"url":                       set(nil, "repository.branch=main"),
		"replicas":                  set(plain, "replicas=2"),
		"/web/port":                 set(plain, "web.port=99999"),
		"/aws/roleARN":              set(plain, "aws.roleARN=quorate"),
		"/image/digest":             set(plain, "image.digest=latest"),
		"/host/kind":                set(plain, "host.kind=bitbucket"),
		"/repository/url":           set(nil, "repository.url=https://user:hush@git.example.com/a"),
		"/repository/commit":        set(plain, "repository.commit=89e6c98"),
		"/terminationGrace":         set(plain, "terminationGracePeriodSeconds=30"),
		"/persistence/accessMode":   set(plain, "persistence.accessMode=ReadWriteMany"),
		"/webhook/ingress/host":     set(plain, "webhook.ingress.enabled=true"),
		"name of a Secret":          set(plain, "credentials.keys.gitToken=token"),
		"webhook.enabled needs":     set(plain, "webhook.enabled=true"),
		"webhook.ingress needs":     set(plain, "webhook.ingress.enabled=true", "webhook.ingress.host=hooks.example.com"),
		"credentials.keys.ap":       set(plain, "host.app.id=7"),
		"maxLength":                 append(slices.Clone(plain), listed()...),
		"/repositories/0/name":      set(nil, "repositories[0].name=A B", "repositories[0].url=https://git.example.com/a.git"),
		"/repositories/0/url":       set(nil, "repositories[0].name=a", "repositories[0].url=https://user:hush@git.example.com/a"),
		"/repositories/0/host/kind": listed("repositories[0].host.kind=bitbucket"),
		"missing property 'secret'": listed("repositories[0].credentials.keys.gitToken=git"),
		"'not' failed":              listed("repositories[0].branch=main", "repositories[0].tag=v1"),
		"/repositories/0/clusters":  listed("repositories[0].clusters.x.branch=main", "repositories[0].clusters.x.tag=v1"),
		"repository a: host.app":    listed("repositories[0].host.app.id=7", "repositories[0].host.app.installation=8"),
		"two repositories":          listed("repositories[1].name=a", "repositories[1].url=https://git.example.com/b.git"),
		"under each of them":        listed("credentials.secret=quorate"),
		"of some repository":        listed("webhook.enabled=true"),
	} {
		_, err := helm(t, append([]string{"template", "ops", "quorate"}, values...)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want %q: %v", values, want, err)
		}
	}
}

func TestHelmGivesThePodNoMoreThanItNeeds(t *testing.T) {
	for _, values := range each {
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
	for _, want := range []string{"--webhook-secret-file=/etc/quorate/credentials/webhook", "--host-app-key-file=/etc/quorate/credentials/app.pem", "--notify-file=/etc/quorate/notifications/people", "--public-url=https://quorate.example.com", "--poll=1m"} {
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

// TestHelmGivesArgumentsThatQuorateTakes has quorate itself read them, so that a renamed flag breaks the chart here; asked
// for help, too, it does nothing else.
func TestHelmGivesArgumentsThatQuorateTakes(t *testing.T) {
	quorate := filepath.Join(t.TempDir(), "quorate")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", quorate, "../cmd/quorate").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, values := range each {
		c := only[appsv1.Deployment](t, render(t, values...), "Deployment").Spec.Template.Spec.Containers[0]
		if out, err := exec.CommandContext(t.Context(), quorate, append(c.Args, "--help")...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestHelmListsRepositoriesAsTheServiceReadsThem has the service's own reader read the list of several repositories.
func TestHelmListsRepositoriesAsTheServiceReadsThem(t *testing.T) {
	all := render(t, several...)
	list := only[corev1.ConfigMap](t, all, "ConfigMap").Data["repositories.yaml"]
	found, problems := repositories.Read("repositories.yaml", []byte(list))
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, list)
	}
	want := []repositories.Repository{
		{
			Name: "platform", Git: gitrepo.Config{URL: "https://github.com/acme/clusters.git", Branch: "production"}, Path: "clusters",
			Host:              host.Config{Kind: host.GitHub, URL: "https://github.example.com", App: host.App{ID: 123456789012, Installation: 4711, KeyFile: "/etc/quorate/repositories/platform/app.pem"}},
			WebhookSecretFile: "/etc/quorate/repositories/platform/webhook", TrustedCommit: "3f786850e387550fdab836ed7e6dc881de23001b",
			Pins: []repositories.Pin{
				{Branch: "next", Clusters: []string{"canary.example.com"}},
				{Commit: "89e6c98d92887913cadf06b2adb97f26cde4849b", Clusters: []string{"frozen.example.com"}},
			},
		},
		{
			Name: "edge", Git: gitrepo.Config{URL: "git@git.example.com:edge/clusters.git", Tag: "v2", Auth: gitrepo.Auth{
				SSHKeyFile: "/etc/quorate/repositories/edge/id_ed25519", SSHPassphraseFile: "/etc/quorate/repositories/edge/passphrase",
				KnownHosts: []string{"/etc/quorate/repositories/edge/known_hosts"},
			}},
			Host: host.Config{Kind: host.Gitea, URL: "https://git.example.com", TokenFile: "/etc/quorate/repositories/edge/token"},
		},
		{Name: "public", Git: gitrepo.Config{URL: "https://git.example.com/public.git"}, TokenFile: "/etc/quorate/repositories/public/git"},
		{Name: "open", Git: gitrepo.Config{URL: "https://git.example.com/open.git"}},
	}
	if d := cmp.Diff(want, found, cmpopts.IgnoreFields(gitrepo.Auth{}, "Ask")); d != "" {
		t.Error(d)
	}
	mounts, secrets := mounted(t, all)
	for _, file := range regexp.MustCompile(`/etc/quorate/repositories/\S+`).FindAllString(list, -1) {
		if name := path.Base(path.Dir(file)); mounts[path.Dir(file)] == "" || secrets[mounts[path.Dir(file)]] != "quorate-"+name {
			t.Errorf("%s is not where a Secret of %s is mounted: %v of %v", file, name, mounts, secrets)
		}
	}
	if mounts["/etc/quorate/config"] == "" {
		t.Errorf("the list is not mounted: %v", mounts)
	}
}

// mounted are the volumes of the pod by where they are, and their Secrets.
func mounted(t *testing.T, all []unstructured.Unstructured) (mounts, secrets map[string]string) {
	t.Helper()
	pod := only[appsv1.Deployment](t, all, "Deployment").Spec.Template.Spec
	mounts, secrets = map[string]string{}, map[string]string{}
	for _, m := range pod.Containers[0].VolumeMounts {
		mounts[m.MountPath] = m.Name
	}
	for _, v := range pod.Volumes {
		if v.Secret != nil {
			secrets[v.Name] = v.Secret.SecretName
		}
	}
	return mounts, secrets
}

func TestHelmStartsAnotherPodForAnotherList(t *testing.T) {
	sum := func(values ...string) string {
		return only[appsv1.Deployment](t, render(t, append(slices.Clone(several), values...)...), "Deployment").Spec.Template.Annotations["checksum/repositories"]
	}
	if sum() == "" || sum() == sum("--set", "repositories[0].path=elsewhere") {
		t.Errorf("the pod that reads the list at its start would not hear of another: %q", sum())
	}
}

func TestHelmLetsStrangersReachTheWebhookAlone(t *testing.T) {
	all := render(t, full...)
	rule := only[networkingv1.Ingress](t, all, "Ingress").Spec.Rules[0]
	if b := rule.HTTP.Paths[0].Backend.Service; rule.Host != "hooks.example.com" || b.Name != "ops-quorate-webhook" || b.Port.Name != "webhook" {
		t.Errorf("ingress: %+v to %+v", rule, b)
	}
	policy := only[networkingv1.NetworkPolicy](t, render(t, append(slices.Clone(several), "--set", "networkPolicy.webhookFrom=null")...), "NetworkPolicy")
	for _, in := range policy.Spec.Ingress {
		if port := in.Ports[0].Port.StrVal; len(in.From) == 0 && port != "webhook" {
			t.Errorf("everybody may reach %s", port)
		}
	}
	for _, out := range policy.Spec.Egress {
		for _, to := range out.To {
			if to.IPBlock.CIDR == "0.0.0.0/0" && !slices.Contains(to.IPBlock.Except, "169.254.169.254/32") {
				t.Error("the role of the node is the pod's")
			}
		}
	}
}

func TestHelmTellsPrometheusWhereToLook(t *testing.T) {
	all := render(t, full...)
	i := slices.IndexFunc(all, func(u unstructured.Unstructured) bool { return u.GetKind() == "ServiceMonitor" })
	if i < 0 {
		t.Fatal("there is no ServiceMonitor")
	}
	labels, _, _ := unstructured.NestedStringMap(all[i].Object, "spec", "selector", "matchLabels")
	ends, _, _ := unstructured.NestedSlice(all[i].Object, "spec", "endpoints")
	want := map[string]any{"port": "web", "path": "/metrics", "interval": "30s"}
	if d := cmp.Diff([]any{want}, ends); d != "" || all[i].GetLabels()["release"] != "prometheus" {
		t.Errorf("%s\nlabels: %v", d, all[i].GetLabels())
	}
	served := false
	for _, u := range all {
		if u.GetKind() == "Service" && u.GetName() == "ops-quorate" {
			served = labels["app.kubernetes.io/instance"] == u.GetLabels()["app.kubernetes.io/instance"]
		}
	}
	if !served || len(labels) == 0 {
		t.Errorf("it selects %v, which is not the Service", labels)
	}
}

// resources are where objects of the kinds that the chart makes are sent.
var resources = map[string]schema.GroupVersionResource{
	"ConfigMap":             {Version: "v1", Resource: "configmaps"},
	"Deployment":            {Group: "apps", Version: "v1", Resource: "deployments"},
	"Ingress":               {Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"},
	"NetworkPolicy":         {Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"},
	"PersistentVolumeClaim": {Version: "v1", Resource: "persistentvolumeclaims"},
	"Service":               {Version: "v1", Resource: "services"},
	"ServiceAccount":        {Version: "v1", Resource: "serviceaccounts"},
}

// TestKubernetesTakesWhatTheChartMakes creates it, in a namespace that lets only restricted pods in.
func TestKubernetesTakesWhatTheChartMakes(t *testing.T) {
	sets := map[string][]unstructured.Unstructured{}
	for name, values := range each {
		sets[name] = render(t, values...)
	}
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
			if u.GetKind() == "ServiceMonitor" {
				continue // the operator's; this cluster has none
			}
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
