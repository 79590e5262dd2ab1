package kubetest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/quorate/quorate/internal/testprocess"
)

// startLimit is when a condition counts as never coming. It is generous: three large programs start side by side with the tests of other packages.
const startLimit = 2 * time.Minute

// adminToken opens everything; the server listens on loopback and lives as long as a test.
const adminToken = "kubetest-admin"

// ControlPlane is a running Kubernetes without nodes.
type ControlPlane struct {
	// Config is that of an administrator.
	Config *rest.Config
	Client kubernetes.Interface
	// Authority signed the server's certificate, and the server believes clients that it signed for.
	Authority Authority

	folder string
}

// binaries is where `make kubernetes` puts the programs.
func binaries() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "bin", "kubernetes")
}

// Start runs a control plane until the test ends.
func Start(t testing.TB) *ControlPlane {
	t.Helper()
	available(t)
	c := &ControlPlane{folder: t.TempDir()}
	c.start(t, "--etcd-servers="+startEtcd(t, c.folder))
	return c
}

// StartOn runs one on etcd clusters that are there already. Events have one of their own, as kops has it.
func StartOn(t testing.TB, main, events []string) *ControlPlane {
	t.Helper()
	available(t)
	c := &ControlPlane{folder: t.TempDir()}
	c.start(t, "--etcd-servers="+strings.Join(main, ","), "--etcd-servers-overrides=/events#"+strings.Join(events, ";"))
	return c
}

// available skips the test where the programs are missing.
func available(t testing.TB) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(binaries(), "kube-apiserver")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("Kubernetes is required here: make kubernetes")
		}
		t.Skip("Kubernetes is not built: make kubernetes")
	}
}

func (c *ControlPlane) start(t testing.TB, etcd ...string) {
	t.Helper()
	port := testprocess.FreePort(t)
	c.Config = &rest.Config{
		Host: fmt.Sprintf("https://127.0.0.1:%d", port), BearerToken: adminToken, QPS: -1,
		TLSClientConfig: rest.TLSClientConfig{CAFile: filepath.Join(c.folder, "ca.crt")},
	}
	c.Authority = newAuthority(t)
	c.startAPIServer(t, port, etcd...)
	c.Await(t, "the API server is ready", c.ready)
	kubeconfig := c.Kubeconfig(t)
	run(t, "kube-controller-manager", "--kubeconfig="+kubeconfig, "--leader-elect=false", "--secure-port=0",
		"--controllers=disruption,replicaset,deployment,daemonset,garbagecollector,serviceaccount-controller,namespace-controller")
	run(t, "kube-scheduler", "--kubeconfig="+kubeconfig, "--leader-elect=false", "--secure-port=0")
}

// startEtcd runs etcd in this process.
func startEtcd(t testing.TB, folder string) (endpoint string) {
	t.Helper()
	config := embed.NewConfig()
	config.Dir = filepath.Join(folder, "etcd")
	config.LogLevel = "fatal" // it calls every listener that a test closes an error
	loopback := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	config.ListenPeerUrls, config.ListenClientUrls = []url.URL{loopback}, []url.URL{loopback}
	config.UnsafeNoFsync = true
	server, err := embed.StartEtcd(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	select {
	case <-server.Server.ReadyNotify():
	case <-time.After(startLimit):
		t.Fatal("etcd did not start")
	}
	return "http://" + server.Clients[0].Addr().String()
}

func (c *ControlPlane) startAPIServer(t testing.TB, port int, etcd ...string) {
	t.Helper()
	key := filepath.Join(c.folder, "service-account.key")
	writeKey(t, key)
	tokens := filepath.Join(c.folder, "tokens.csv")
	if err := os.WriteFile(tokens, []byte(adminToken+",admin,admin,system:masters\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	serving, servingKey := c.Authority.serving(t, c.folder)
	run(t, "kube-apiserver", append(etcd, "--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file="+serving, "--tls-private-key-file="+servingKey, "--client-ca-file="+filepath.Join(c.folder, "ca.crt"),
		"--cert-dir="+filepath.Join(c.folder, "tls"), "--token-auth-file="+tokens, "--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.96.0.0/16", "--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+key, "--service-account-signing-key-file="+key, "--endpoint-reconciler-type=none")...)
}

func writeKey(t testing.TB, path string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run starts one of the programs for as long as the test lasts.
func run(t testing.TB, program string, args ...string) {
	t.Helper()
	testprocess.Run(t, exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(binaries(), program), args...))
}

// ready asks the API server.
func (c *ControlPlane) ready(ctx context.Context) (bool, error) {
	if c.Client == nil {
		client, err := kubernetes.NewForConfig(c.Config)
		if err != nil {
			return false, err
		}
		c.Client = client
	}
	_, err := c.Client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	return err == nil, err
}

// Kubeconfig writes a file for programs that want one.
func (c *ControlPlane) Kubeconfig(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(c.folder, "kubeconfig")
	err := clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"test": {Server: c.Config.Host, CertificateAuthority: c.Config.CAFile}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"admin": {Token: adminToken}},
		Contexts:       map[string]*clientcmdapi.Context{"test": {Cluster: "test", AuthInfo: "admin"}},
		CurrentContext: "test",
	}, path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
