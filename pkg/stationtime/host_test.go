package stationtime

import "testing"

func TestHostZone(t *testing.T) {
	t.Parallel()
	const vienna = "/usr/share/zoneinfo/Europe/Vienna"
	for _, test := range []struct{ name, tz, localtime, want string }{
		{"Link", "", vienna, "Europe/Vienna"},
		{"Nothing", "", "", "UTC"},
		{"LinkToElsewhere", "", "/etc/localtime", "UTC"},
		{"LinkToNoZone", "", "/usr/share/zoneinfo/Europe/Nowhere", "UTC"},
		{"TZ", "Asia/Kathmandu", vienna, "Asia/Kathmandu"},
		{"TZWithColon", ":Asia/Kathmandu", vienna, "Asia/Kathmandu"},
		{"TZPath", ":/usr/share/zoneinfo/Asia/Kathmandu", vienna, "Asia/Kathmandu"},
		{"TZLocaltime", ":/etc/localtime", vienna, "Europe/Vienna"},
		{"TZRule", "CET-1CEST,M3.5.0,M10.5.0/3", vienna, "UTC"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := hostZone(test.tz, test.localtime); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
	if _, err := Load(HostZone()); err != nil {
		t.Errorf("this host: %v", err)
	}
}
