package config

import (
	"cmp"
	"strings"
)

// StateDirectory is the folder in which a service keeps its files: the one that
// systemd made for it (StateDirectory=), otherwise /var/lib/aura.
func StateDirectory(environ map[string]string) string {
	first, _, _ := strings.Cut(environ["STATE_DIRECTORY"], ":")
	return cmp.Or(first, "/var/lib/aura")
}
