package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Owners names who makes these pods, which are given as NAMESPACE/NAME: as KIND/NAME, sorted, each once. Pods
// that are gone, and those that nobody makes, have none.
func (c Cluster) Owners(ctx context.Context, pods []string) ([]string, error) {
	var owners []string
	for _, name := range pods {
		namespace, pod, _ := strings.Cut(name, "/")
		found, err := c.api.CoreV1().Pods(namespace).Get(ctx, pod, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look who owns pod %s: %w", name, err)
		}
		if owner := c.ownerOf(ctx, *found); owner != "" {
			owners = append(owners, owner)
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners), nil
}
