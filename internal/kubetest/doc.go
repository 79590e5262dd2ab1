// Package kubetest answers: where is a real Kubernetes to test against?
//
// [Start] runs the real API server, controller manager and scheduler of Kubernetes as processes, on a
// real etcd. What it has instead of machines are [Kubelet]s: they register nodes and bring the pods that
// the scheduler puts there to life and to death through the API, as a kubelet does. Budgets, evictions,
// owners and readiness are therefore Kubernetes' own.
//
// The binaries come from the module in controlplane, built by `make kubernetes`. Tests of this sort are
// called TestKubernetes…, are skipped where the binaries are missing, and fail there under CI.
package kubetest
