package setup

import (
	"os"
	"strings"
	"testing"

	"aura.radio/engine/pkg/instance"
)

// TestPlace_user: elsewhere than in the folder of the units nothing of the host is
// changed. It is said how the user is made without whom only root reads the secrets.
func TestPlace_user(t *testing.T) {
	t.Parallel()
	for name, want := range map[instance.Name]string{
		"":        "install the package of engine-api",
		"nobodys": `systemd-sysusers --inline 'u aura-engine-api-nobodys - "AURA engine-api@nobodys" /var/lib/aura-engine-api-nobodys'`,
	} {
		p := Place{Instance: instance.Instance{Service: "engine-api", Name: name}, Dir: Dir(t.TempDir())}
		if err := p.ensureUser(t.Context()); err != nil {
			t.Errorf("%s: %v", p, err)
		}
		if _, found := p.group(); found {
			t.Errorf("%s: there is the group %s", p, p.User())
		}
		if got := p.withoutUser(); os.Geteuid() == 0 && !strings.Contains(got, want) || os.Geteuid() != 0 && got != "" {
			t.Errorf("%s: %s", p, got)
		}
	}
}
