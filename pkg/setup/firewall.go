package setup

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Opening is a port of this host that others must reach.
type Opening struct {
	Protocol string // tcp or udp
	Port     string
	From     []string // their addresses or names
}

// Firewall are the lines that let others through the firewall of this host, in the
// words of nftables with the table that Debian brings. Hosts whose names are not
// addresses stand in a line of their own each, because nftables looks them up.
func Firewall(openings []Opening) []string {
	var lines []string
	for _, o := range openings {
		var four, six, names []string
		for _, from := range o.From {
			ip, err := netip.ParseAddr(from)
			switch {
			case err == nil && ip.IsLoopback(), strings.EqualFold(from, "localhost"):
			case err != nil:
				names = append(names, from)
			case ip.Unmap().Is4():
				four = append(four, ip.Unmap().String())
			default:
				six = append(six, ip.String())
			}
		}
		add := func(family, from string) {
			lines = append(lines, fmt.Sprintf("nft add rule inet filter input %s saddr %s %s dport %s accept", family, from, o.Protocol, o.Port))
		}
		if len(four) > 0 {
			add("ip", set(four))
		}
		if len(six) > 0 {
			add("ip6", set(six))
		}
		for _, name := range names {
			add("ip", name)
		}
	}
	return slices.Compact(lines)
}

// set is a set of addresses in a form that a shell leaves as it is.
func set(addresses []string) string {
	slices.Sort(addresses)
	addresses = slices.Compact(addresses)
	if len(addresses) == 1 {
		return addresses[0]
	}
	return "'{ " + strings.Join(addresses, ", ") + " }'"
}
