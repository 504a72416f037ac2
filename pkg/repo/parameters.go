package repo

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"aura.radio/engine/pkg/config"
)

// parameters are those of the MySQL driver. The driver takes any other one for a
// variable of the server, and each connection fails if the server does not know
// it.
var parameters = []string{
	"allowAllFiles", "allowCleartextPasswords", "allowFallbackToPlaintext", "allowNativePasswords", "allowOldPasswords",
	"charset", "checkConnLiveness", "clientFoundRows", "collation", "columnsWithAlias", "compress", "connectionAttributes",
	"interpolateParams", "loc", "maxAllowedPacket", "multiStatements", "parseTime", "readTimeout", "rejectReadOnly",
	"serverPubKey", "timeTruncate", "timeout", "tls", "writeTimeout",
}

// shownParameter is the form of a parameter that may be shown. Anything else may
// be a part of a password that was not escaped.
var shownParameter = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,40}$`)

// CheckParameters names the parameters of the database's URL that the MySQL
// driver does not know. Each is a *config.Mistake. The rest of the URL is
// checked by Validate.
func CheckParameters(cfg Config) error {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Scheme != "mysql" {
		return nil
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil
	}
	var found []error
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains(parameters, name) {
			found = append(found, &config.Mistake{Variable: "DATABASE_URL", Rule: unknownParameter(name)})
		}
	}
	return errors.Join(found...)
}

func unknownParameter(name string) string {
	if !shownParameter.MatchString(name) {
		return "has something after ? that is no parameter; write special characters of the password as %XX"
	}
	if near := config.Nearest(name, parameters); near != "" {
		return fmt.Sprintf("has the unknown parameter %s; did you mean %s?", name, near)
	}
	return fmt.Sprintf("has the unknown parameter %s; known are %s", name, strings.Join(parameters, ", "))
}
