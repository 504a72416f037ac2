package model

import (
	"cmp"
	"strings"
)

// localCaller is the name of a caller that needs neither a token nor a
// certificate: the host itself.
const localCaller = "local"

// Author is the name for an audit record: the person whom a request names,
// followed by the caller. A caller is the name of the request's token or
// certificate, which can't be made up. Author is "" if the request names nobody.
func Author(caller, said string) string {
	switch said = strings.TrimSpace(said); {
	case said == "", said == caller, caller == "", caller == localCaller:
		return said
	}
	return said + " (" + caller + ")"
}

// AuthorOrCaller is Author, or the caller if the request names nobody.
func AuthorOrCaller(caller, said string) string {
	return cmp.Or(Author(caller, said), caller, localCaller)
}
