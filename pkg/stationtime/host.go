package stationtime

import (
	"os"
	"path/filepath"
	"strings"
)

// HostZone is the IANA name of this host's time zone, and "UTC" where the host
// does not tell. An engine on the same host that sends local times without an
// offset is so understood without any configuration.
func HostZone() string {
	link, err := filepath.EvalSymlinks("/etc/localtime")
	if err != nil {
		link = "" // a host without one is in UTC
	}
	return hostZone(os.Getenv("TZ"), link)
}

// hostZone decides by TZ and by the file that /etc/localtime points to.
func hostZone(tz, localtime string) string {
	tz = strings.TrimPrefix(tz, ":")
	if tz == "" || filepath.IsAbs(tz) {
		path := localtime
		if tz != "" && tz != "/etc/localtime" {
			path = tz
		}
		_, tz, _ = strings.Cut(path, "/zoneinfo/")
	}
	// TZ may also hold a POSIX rule, which has no name.
	if _, err := Load(tz); tz == "" || err != nil {
		return "UTC"
	}
	return tz
}
