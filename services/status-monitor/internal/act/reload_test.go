package act

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/delivery/webhook"
)

// TestActor_Reload: messages are signed with the secret that was read last, unless
// there is something wrong with it.
func TestActor_Reload(t *testing.T) {
	t.Parallel()
	first, second := strings.Repeat("first ", 4), strings.Repeat("second ", 4)
	var want string
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		key, err := webhook.Key(want)
		if err != nil || r.Header.Get("webhook-signature") != webhook.Sign(key, "msg_1", r.Header.Get("webhook-timestamp"), body) {
			t.Errorf("not signed with %s: %v", want, r.Header)
		}
	}))
	t.Cleanup(hook.Close)
	cfg := Config{WebhookSecret: first}
	key, err := cfg.key()
	if err != nil {
		t.Fatal(err)
	}
	a := &Actor{sender: &webhook.Sender{Client: hook.Client()}}
	a.sender.Sign(key)
	for _, step := range []struct {
		secret, want string
		refused      bool
	}{{first, first, false}, {second, second, false}, {"short", second, true}, {first, first, false}} {
		err := a.Reload(Config{WebhookSecret: step.secret})
		if mistake := new(config.Mistake); errors.As(err, &mistake) != step.refused {
			t.Errorf("%s: error %v", step.secret, err)
		}
		want = step.want
		if err := a.sender.Post(t.Context(), hook.URL, "msg_1", []byte("{}")); err != nil {
			t.Error(err)
		}
	}
}
