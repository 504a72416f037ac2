package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"aura.radio/engine/pkg/patience"
)

// upgrade restarts all instances of the package, and no others.
func (p *programmes) upgrade(t *testing.T) {
	monitors := mustSh(t, "systemctl show -P MainPID status-monitor status-monitor@web")
	dpkg(t, "./next/*.deb")
	for _, of := range p.both() {
		for _, service := range []string{"engine-api", "sync-node"} {
			p.runs(t, of, service, nextVersion)
		}
		p.isThere(t, of, of.title, 3)
	}
	if now := mustSh(t, "systemctl show -P MainPID status-monitor status-monitor@web"); now != monitors {
		t.Error("the monitors were restarted, too")
	}
}

// runs returns when a service of a programme is of that version.
func (p *programmes) runs(t *testing.T, of programme, service, version string) {
	t.Helper()
	patience.Await(t, func() error {
		out, err := exec.Command("sh", "-c", "/proc/$(systemctl show -P MainPID "+of.unit(service)+")/exe version").CombinedOutput()
		if got := strings.TrimSpace(string(out)); err == nil && got != service+" "+version {
			err = fmt.Errorf("%s is %s, want %s", of.unit(service), got, version)
		}
		return err
	})
}

// blocked: an instance whose configuration is wrong goes on with the program that runs,
// and the others get the new one.
func (p *programmes) blocked(t *testing.T) {
	mustSh(t, "cp /etc/aura/engine-api-web.env kept && echo AURA_HOST_ID=none >>/etc/aura/engine-api-web.env")
	before := p.processes(t, p.web)
	said := dpkg(t, ".build/packages/aura-engine-api_*.deb")
	if !strings.Contains(said, "AURA_HOST_ID") || !strings.Contains(said, "until: systemctl restart engine-api@web") {
		t.Errorf("the package says\n%s", said)
	}
	p.runs(t, p.fm, "engine-api", strings.TrimSpace(mustSh(t, "dpkg-deb --field .build/packages/aura-engine-api_*.deb Version | tr '~' -")))
	if now := p.processes(t, p.web); now != before {
		t.Errorf("the processes of web were %s and are %s", before, now)
	}
	mustSh(t, "cp kept /etc/aura/engine-api-web.env")
	dpkg(t, "./next/aura-engine-api_*.deb")
	for _, of := range p.both() {
		p.runs(t, of, "engine-api", nextVersion)
	}
}

// givenUp ends another programme as the handbook says.
func (p *programmes) givenUp(t *testing.T) {
	mustSh(t, "engine-api setup --instance web-2 --zone UTC && systemctl enable --now engine-api@web-2 engine-api-backup@web-2.timer && test -d /var/lib/aura-engine-api-web-2")
	for _, command := range p.book.blocks(t, "Set-up of a second programme")[3] {
		mustSh(t, strings.ReplaceAll(strings.ReplaceAll(command, "sudo ", ""), "web", "web-2"))
	}
	if left := strings.TrimSpace(mustSh(t, "find /etc /var/lib/aura* -name '*web-2*'; systemctl list-units --all --no-legend '*web-2*'")); left != "" {
		t.Errorf("left are %s", left)
	}
	p.isThere(t, p.web, p.web.title, 3)
}

// remove stops all instances, and what they stored is there for the next program.
func (p *programmes) remove(t *testing.T) {
	mustSh(t, "dpkg --remove aura-engine-api")
	for _, unit := range []string{"engine-api", "engine-api@web", "engine-api-backup@web.timer"} {
		if active(unit) == nil {
			t.Errorf("%s still runs", unit)
		}
	}
	mustSh(t, "test -s /var/lib/aura-engine-api-web/engine-api.db && test -s /etc/aura/engine-api-web.env && test -s /etc/aura/engine-api-web/api-tokens")
	dpkg(t, "./next/aura-engine-api_*.deb")
	for _, of := range p.both() {
		p.runs(t, of, "engine-api", nextVersion)
		p.isThere(t, of, of.title, 3)
	}
	if err := active("engine-api-backup@web.timer"); err != nil {
		t.Error(err)
	}
}

// purge leaves nothing of any instance, and everything else.
func (p *programmes) purge(t *testing.T) {
	mustSh(t, "mkdir /var/lib/aura-engine-api-copy && dpkg --purge aura-engine-api")
	if left := strings.TrimSpace(mustSh(t, "find /etc /var/lib/aura* /lib/systemd -name '*engine-api*'")); left != "/var/lib/aura-engine-api-copy" {
		t.Errorf("left are %s", left)
	}
	for _, unit := range []string{"sync-node", "sync-node@web", "status-monitor@web"} {
		if err := active(unit); err != nil {
			t.Error(err)
		}
	}
	if found := titles(t, p.web.station); found[p.web.title] != 3 {
		t.Errorf("the sync node has %v", found)
	}
}
