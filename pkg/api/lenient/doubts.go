package lenient

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"aura.radio/engine/pkg/model"
)

type doubtsKey struct{}

// WithDoubts adds what was doubtful about the body of a request.
func WithDoubts(ctx context.Context, doubts ...model.Doubt) context.Context {
	if len(doubts) == 0 {
		return ctx
	}
	return context.WithValue(ctx, doubtsKey{}, slices.Concat(Doubts(ctx), doubts))
}

// Doubts is what was doubtful about the body of the request that ctx belongs
// to.
func Doubts(ctx context.Context) []model.Doubt {
	doubts, _ := ctx.Value(doubtsKey{}).([]model.Doubt)
	return doubts
}

// OfElement is a context with what was doubtful about one element of the list
// that is the body, or about the whole.
func OfElement(ctx context.Context, element int) context.Context {
	all := Doubts(ctx)
	if len(all) == 0 {
		return ctx
	}
	var own []model.Doubt
	for _, d := range all {
		field, isOwn := strings.CutPrefix(d.Field, ofElement(element))
		if isOwn || d.Field == Body {
			own = append(own, model.Doubt{Field: field, Sent: d.Sent, Why: d.Why})
		}
	}
	return context.WithValue(ctx, doubtsKey{}, own)
}

// ofElement begins the field of a doubt that is about an element of a list.
func ofElement(element int) string { return strconv.Itoa(element) + "." }

// Snippet is the beginning of what was sent, as a doubt holds it. A byte that
// is not UTF-8 is shown as \xF6.
func Snippet(sent []byte) string {
	var b strings.Builder
	for len(sent) > 0 {
		r, size := utf8.DecodeRune(sent)
		shown := string(sent[:size])
		if r == utf8.RuneError && size == 1 {
			shown = fmt.Sprintf(`\x%02X`, sent[0])
		}
		if b.Len()+len(shown) > model.MaxDoubtText {
			break
		}
		b.WriteString(shown)
		sent = sent[size:]
	}
	return b.String()
}
