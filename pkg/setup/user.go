package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"

	"aura.radio/engine/pkg/instance"
)

// group is the group of the service's own user, if this is root and there is one.
func (p Place) group() (id int, found bool) {
	if os.Geteuid() != 0 {
		return -1, false
	}
	group, err := user.LookupGroup(p.owner().User())
	if err != nil {
		return -1, false
	}
	id, err = strconv.Atoi(group.Gid)
	return id, err == nil
}

// ensureUser makes the user of an instance with a name. The package makes only that of
// the instance without a name. It is a user like that one, and not one for the time
// that the service runs (DynamicUser=): its group reads the secrets, which are there
// before, and again while the service runs.
func (p Place) ensureUser(ctx context.Context) error {
	if p.owner().Name == "" || p.Dir != DefaultDir || os.Geteuid() != 0 {
		return nil // elsewhere it is a draft, for another host or for a person to see
	}
	_, err := user.Lookup(p.User())
	if _, isUnknown := errors.AsType[user.UnknownUserError](err); !isUnknown {
		return err
	}
	if out, err := exec.CommandContext(ctx, "systemd-sysusers", "--inline", userLine(p.Instance)).CombinedOutput(); err != nil {
		return fmt.Errorf("make the user %s: %w %s", p.User(), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// userLine is the user of an instance as systemd-sysusers reads it.
func userLine(i instance.Instance) string {
	return fmt.Sprintf("u %s - %q %s", i.User(), "AURA "+i.Unit(), i.StateDirectory())
}

// withoutUser says what to do if only root can read the secrets; "" if it is well.
func (p Place) withoutUser() string {
	if _, shared := p.group(); shared || os.Geteuid() != 0 {
		return ""
	}
	remedy := "install the package of " + p.Service
	if p.Name != "" {
		remedy = fmt.Sprintf("run systemd-sysusers --inline '%s'", userLine(p.Instance))
	}
	return fmt.Sprintf("there is no user %s here, so only root can read the secrets in %s: %s, and run this again", p.User(), p.secrets(), remedy)
}
