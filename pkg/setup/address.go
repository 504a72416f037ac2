package setup

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"aura.radio/engine/pkg/peer"
)

// URL is the URL of a service: of an address such as 192.0.2.1, host-1:8008,
// [fd00::1]:8008 or https://host-1:8008. port is the one that services of this kind
// have.
func URL(address, port string) (string, error) {
	address = strings.TrimSpace(address)
	if !strings.Contains(address, "://") {
		host, own, err := net.SplitHostPort(address)
		if err != nil {
			host, own = strings.Trim(address, "[]"), port
		}
		if strings.ContainsAny(host, "/@ ") || host == "" || strings.Contains(host, ":") && !isAddress(host) {
			return "", notAddress(address)
		}
		address = "http://" + net.JoinHostPort(host, own)
	}
	if _, err := peer.New(address, peer.Config{}); err != nil {
		return "", err
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", notAddress(address)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && (ip.IsUnspecified() || ip.IsMulticast()) {
		return "", fmt.Errorf("%s is not the address of one host", ip)
	}
	if u.Port() == "" && u.Path == "" {
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func notAddress(address string) error {
	return fmt.Errorf("%q is no address; say something like 192.0.2.1, host-1.example or https://host-1.example:8008", address)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// URLs are those of several services, which are separated by commas or blanks.
func URLs(addresses, port string) ([]string, error) {
	var all []string
	for _, address := range strings.FieldsFunc(addresses, func(r rune) bool { return r == ',' || r == ' ' }) {
		one, err := URL(address, port)
		if err != nil {
			return nil, err
		}
		for _, other := range all {
			if other == one {
				return nil, fmt.Errorf("%s is there twice", address)
			}
		}
		all = append(all, one)
	}
	return all, nil
}

// HostOf is the host of a URL.
func HostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// ListenFor is where a service listens that others reach at a URL: at loopback if
// that leads nowhere else, and otherwise at every address of the host. "" is no URL.
func ListenFor(address, port string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	if own := u.Port(); own != "" {
		port = own
	}
	switch ip, err := netip.ParseAddr(u.Hostname()); {
	case err == nil && ip.IsLoopback():
		return net.JoinHostPort(u.Hostname(), port)
	case err == nil && ip.Is6():
		return net.JoinHostPort("::", port)
	}
	return net.JoinHostPort("0.0.0.0", port)
}

// PortOf is the port of an address and port.
func PortOf(listen string) string {
	_, port, _ := net.SplitHostPort(listen)
	return port
}

// CheckListen is a Check: an address and port of this host.
func CheckListen(answer string) error {
	host, port, err := net.SplitHostPort(answer)
	if err != nil || port == "" || host != "" && host != "localhost" && !isAddress(host) {
		return fmt.Errorf("%q is no address and port of this host; say something like 127.0.0.1:8008 or 0.0.0.0:8008", answer)
	}
	return nil
}

// Nearby is a URL for a service that may be on this host: then it leads there by
// loopback, so that it needs no cable. With HTTPS the name must stay as it is.
func Nearby(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return address
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil || ip.IsLoopback() {
		return address
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return address // the address is right, too
	}
	for _, a := range own {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Unmap() == ip.Unmap() {
			u.Host = net.JoinHostPort("127.0.0.1", u.Port())
			return u.String()
		}
	}
	return address
}

// CheckHostPorts is a Check: hosts with ports, separated by commas.
func CheckHostPorts(answer string) error {
	for one := range strings.SplitSeq(answer, ",") {
		if host, port, err := net.SplitHostPort(one); err != nil || host == "" || port == "" {
			return errors.New("say hosts with ports, such as 192.0.2.3:43334")
		}
	}
	return nil
}
