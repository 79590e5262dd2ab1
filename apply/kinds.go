package apply

import (
	"context"
	"fmt"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

// env is what the verbs of every kind work with.
type env struct {
	clients         awsapi.Clients
	cluster, commit string
}

// rowsFor says for every kind who makes, changes and removes its resources.
func rowsFor(e env) map[topology.Kind]row {
	return map[topology.Kind]row{}
}

// A row is a kind's three verbs without its type.
type row struct {
	create func(ctx context.Context, want topology.Resource, ids topology.Bindings) (topology.Bindings, error)
	update func(ctx context.Context, c diff.Change, ids topology.Bindings) (topology.Bindings, error)
	remove func(ctx context.Context, have topology.Resource, ids topology.Bindings) error
}

// handled is the one place where a kind's verbs meet the untyped map.
func handled[T topology.Resource](h handler[T]) row {
	return row{
		create: func(ctx context.Context, want topology.Resource, ids topology.Bindings) (topology.Bindings, error) {
			typed, err := as[T](want)
			if err != nil {
				return nil, err
			}
			return h.Create(ctx, typed, ids)
		},
		update: func(ctx context.Context, c diff.Change, ids topology.Bindings) (topology.Bindings, error) {
			want, err := as[T](c.Want)
			if err != nil {
				return nil, err
			}
			have, err := as[T](c.Have)
			if err != nil {
				return nil, err
			}
			return h.Update(ctx, have, want, c, ids)
		},
		remove: func(ctx context.Context, have topology.Resource, ids topology.Bindings) error {
			typed, err := as[T](have)
			if err != nil {
				return err
			}
			return h.Delete(ctx, typed, ids)
		},
	}
}

func as[T topology.Resource](r topology.Resource) (T, error) {
	typed, ok := r.(T)
	if !ok {
		return typed, fmt.Errorf("the row of %T met a %T", typed, r)
	}
	return typed, nil
}
