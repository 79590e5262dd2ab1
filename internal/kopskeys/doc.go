// Package kopskeys answers one question: who may sign for a cluster that kops made?
//
// [Open] reads the certificate authority of a cluster, private key included, out of its state store, and
// [Authority.Transport] speaks to the API server as an administrator, as `kops export kubeconfig --admin`
// lets people do, with certificates that live for an hour. Nothing is written anywhere, and an Authority
// prints as what it is and not as its key. [Certificates] reads the half that is no secret.
//
// It is used only where a person said so (--kubernetes-from-state). It imports kopsstore and a reader of YAML.
package kopskeys
