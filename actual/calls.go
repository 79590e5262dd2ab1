package actual

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Page sizes, each the largest that AWS allows for the calls that use it. (EC2's
// route tables, Auto Scaling groups: 100; launch templates: 200; ELB: 400.)
var (
	page100  = aws.Int32(100)
	page200  = aws.Int32(200)
	page400  = aws.Int32(400)
	page1000 = aws.Int32(1000)
)

// pager is any paginator of the SDK.
type pager[Page, Option any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*Option)) (*Page, error)
}

// everything reads all pages.
func everything[Page, Option, Item any](ctx context.Context, p pager[Page, Option], items func(*Page) []Item) ([]Item, error) {
	var all []Item
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, items(page)...)
	}
	return all, nil
}

// each asks one call per item, side by side, and keeps the answers in the order of the
// items. It waits for all of them and joins their errors.
func each[Item, Answer any](ctx context.Context, items []Item, ask func(context.Context, Item) (Answer, error)) ([]Answer, error) {
	answers, failures := make([]Answer, len(items)), make([]error, len(items))
	var all sync.WaitGroup
	for i, item := range items {
		all.Go(func() { answers[i], failures[i] = ask(ctx, item) })
	}
	all.Wait()
	return answers, errors.Join(failures...)
}
