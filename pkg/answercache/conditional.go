package answercache

import (
	"net/http"
	"strings"
	"time"
)

// isUnchanged reports whether the client already has the body with this tag.
// Dates count only if modified is set and no tag was sent (RFC 9110, 13.2.2).
func isUnchanged(h http.Header, etag string, modified bool, modifiedAt time.Time) bool {
	if tags := h["If-None-Match"]; tags != nil {
		for _, list := range tags {
			if matches(list, etag) {
				return true
			}
		}
		return false
	}
	since := h["If-Modified-Since"]
	if !modified || len(since) != 1 {
		return false
	}
	t, err := http.ParseTime(since[0])
	return err == nil && !modifiedAt.After(t)
}

// matches compares an If-None-Match list with a tag; weak and strong tags are
// equal. A malformed list matches up to the malformed part.
func matches(list, etag string) bool {
	etag = strings.TrimPrefix(etag, "W/")
	for {
		list = strings.TrimLeft(list, " \t,")
		if strings.HasPrefix(list, "*") {
			return true
		}
		list = strings.TrimPrefix(list, "W/")
		if !strings.HasPrefix(list, `"`) {
			return false
		}
		end := strings.IndexByte(list[1:], '"') + 2
		if end < 2 {
			return false
		}
		if list[:end] == etag {
			return true
		}
		list = list[end:]
	}
}

// acceptsGzip reads an Accept-Encoding header. Without the header, the body is
// sent uncompressed.
func acceptsGzip(lists []string) bool {
	others := false
	for _, list := range lists {
		for list != "" {
			var coding string
			coding, list, _ = strings.Cut(list, ",")
			name, params, _ := strings.Cut(coding, ";")
			switch name = strings.TrimSpace(name); {
			case strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"):
				return !isZeroQuality(params)
			case name == "*":
				others = !isZeroQuality(params)
			}
		}
	}
	return others
}

// isZeroQuality reports whether params is q=0, however many zeros it has.
func isZeroQuality(params string) bool {
	name, q, _ := strings.Cut(strings.TrimSpace(params), "=")
	return strings.EqualFold(strings.TrimSpace(name), "q") && strings.Trim(strings.TrimSpace(q), "0.") == ""
}
