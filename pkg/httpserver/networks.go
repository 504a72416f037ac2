package httpserver

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Networks is a list of addresses and networks, such as in TRUSTED_PROXIES.
type Networks []netip.Prefix

// UnmarshalText reads addresses and CIDR networks, separated by commas.
func (n *Networks) UnmarshalText(text []byte) error {
	var list Networks
	var wrong []string
	for _, s := range strings.Split(string(text), ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if addr, e := netip.ParseAddr(s); e == nil {
			p, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("%q must be an address or a network such as 10.0.0.0/8", s))
		case p.Bits() == 0:
			// Everybody could then claim to be the host itself, or an engine.
			wrong = append(wrong, fmt.Sprintf("%q must not be the whole internet", s))
		}
		list = append(list, p.Masked())
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	*n = list
	return nil
}

func (n Networks) contain(addr netip.Addr) bool {
	for _, p := range n {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
