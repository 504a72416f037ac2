package instance

import "testing"

func TestName_Set(t *testing.T) {
	t.Parallel()
	for _, right := range []string{"web", "fm", "a", "web-2", "a1-b2-c3d4e"} {
		var n Name
		if err := n.Set(right); err != nil || n.String() != right {
			t.Errorf("%q: %q, %v", right, n, err)
		}
	}
	for _, wrong := range []string{"", "Web", "2fm", "-web", "web-", "we--b", "we b", "wéb", "web/../fm", "a.b", "%i", "web\n", "much-too-lon"} {
		var n Name
		if err := n.Set(wrong); err == nil || n != "" {
			t.Errorf("%q was taken", wrong)
		}
	}
}

// TestInstance: everything that one instance has is its own. The longest name fits the
// 31 characters that systemd lets a user's name have.
func TestInstance(t *testing.T) {
	t.Parallel()
	only, web := Instance{Service: "engine-api"}, Instance{"engine-api", "web"}
	for _, c := range []struct{ got, want string }{
		{only.String(), "engine-api"}, {web.String(), "engine-api-web"},
		{only.Unit(), "engine-api"}, {web.Unit(), "engine-api@web"},
		{only.User(), "aura-engine-api"}, {web.User(), "aura-engine-api-web"},
		{only.StateDirectory(), "/var/lib/aura-engine-api"}, {web.StateDirectory(), "/var/lib/aura-engine-api-web"},
		{only.Command("check"), "engine-api check"}, {web.Command("check"), "engine-api check --instance web"},
		{web.As("sync-node").String(), "sync-node-web"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
	if longest := (Instance{"status-monitor", "elevenchars"}); len(longest.Name) != maxName || len(longest.User()) != 31 {
		t.Errorf("%s has %d characters", longest.User(), len(longest.User()))
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		folder, variable string
		want             Name
	}{
		{"/var/lib/aura-engine-api-web", "", "web"},
		{"/var/lib/aura-engine-api", "", ""},
		{"/var/lib/aura", "", ""},
		{"", "", ""},
		{"/var/lib/aura-sync-node-web", "", ""},
		{"/var/lib/aura-engine-api-Old copy", "", ""},
		{"", "web", "web"},
		{"/var/lib/aura-engine-api-web", "fm", "fm"},
		{"/var/lib/aura-engine-api-web", "F M", ""},
	} {
		environ := map[string]string{"STATE_DIRECTORY": c.folder, "AURA_INSTANCE": c.variable}
		if got := Of("engine-api", environ); got != (Instance{"engine-api", c.want}) {
			t.Errorf("%v: %+v, want %q", environ, got, c.want)
		}
	}
}

// TestName_UnmarshalText: a name in a configuration or a file is one, or none.
func TestName_UnmarshalText(t *testing.T) {
	t.Parallel()
	for text, right := range map[string]bool{"web": true, "": true, "Web": false, "we b": false} {
		n := Name("before")
		if err := n.UnmarshalText([]byte(text)); (err == nil) != right || right && string(n) != text {
			t.Errorf("%q: %q, %v", text, n, err)
		}
	}
}
