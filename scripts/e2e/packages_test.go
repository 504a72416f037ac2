package e2e

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// nextVersion is that of an upgrade.
const nextVersion = "99.0.0"

// TestPackages lives with the packages on one host: engine-api was installed by
// hand there, before there were packages.
func TestPackages(t *testing.T) {
	if !onHost(t, func() map[string]string {
		return map[string]string{"packages": packages(t), "next": built(t, nextPackages), "bin/engine-api": filepath.Join(bin, "engine-api"), handbook: filepath.Join(tree, handbook)}
	}) {
		return
	}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := exec.Command("sh", "-c", "journalctl --no-pager -n 60 -u engine-api -u sync-node -u status-monitor").CombinedOutput()
			t.Logf("%s", out)
		}
	})
	for _, s := range []story{
		{"Move", movesFromHand},
		{"Install", installsTheOthers},
		{"Secrets", readsSecretsAgain},
		{"Upgrade", upgradesOne},
		{"Downgrade", downgrades},
		{"Blocked", waitsForTheOperator},
		{"Remove", removes},
		{"Purge", purges},
	} {
		if !t.Run(s.name, s.run) {
			return
		}
	}
}

// byHand is the unit that was installed before there were packages.
const byHand = `set -e
cat >/etc/systemd/system/engine-api.service <<'END'
[Service]
Type=notify
ExecStart=/usr/bin/engine-api serve
EnvironmentFile=-/etc/aura/engine-api.env
DynamicUser=yes
User=aura
StateDirectory=aura
StateDirectoryMode=0700
[Install]
WantedBy=multi-user.target
END
install -m 755 bin/engine-api /usr/bin/
install -d /etc/aura
install -m 640 /dev/null /etc/aura/engine-api.env
cat >/etc/aura/engine-api.env <<'END'
AURA_STATION_TIMEZONE=Europe/Vienna
AURA_SYNC_HOST=http://127.0.0.1:8010
AURA_API_TOKENS_FILE=/var/lib/aura/api-tokens
END
systemctl daemon-reload
systemd-run --quiet --wait -p DynamicUser=yes -p User=aura -p StateDirectory=aura -p StateDirectoryMode=0700 \
  sh -c 'echo studio:admin:` + firstSecret + ` >/var/lib/aura/api-tokens'
systemctl enable --now engine-api`

const (
	firstSecret  = "first-secret-of-the-studio"
	secondSecret = "second-secret-of-the-studio"
	stateDir     = "/var/lib/aura-engine-api"
)

func dpkg(t *testing.T, packages string) string {
	t.Helper()
	return mustSh(t, dpkgInstall+packages)
}

// movesFromHand: what was stored moves to its new place by itself, and so does what
// the configuration names.
func movesFromHand(t *testing.T) {
	mustSh(t, byHand)
	awaitReady(t, hostURL, nil)
	mustCall(t, http.MethodPost, hostURL+"/api/v1/playlog", play(t, survivor, time.Now()), http.StatusNoContent)
	said := startsAfterPowerCut(t)
	said += mustSh(t, "DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends -o Dpkg::Options::=--force-confold ./packages/aura-engine-api_*.deb")
	if !strings.Contains(said, "moved from /var/lib/aura to "+stateDir) || !strings.Contains(said, "engine-api.service.dpkg-old") {
		t.Errorf("installed over a service that was installed by hand:\n%s", said)
	}
	mustSurvive(t)
	if got := show(t, "User", "FragmentPath", "UnitFileState"); got != "aura-engine-api /lib/systemd/system/engine-api.service enabled" {
		t.Errorf("the unit is %s", got)
	}
	for command, want := range map[string]string{
		"stat -c '%U %a' " + stateDir + " " + stateDir + "/engine-api.db " + stateDir + "/api-tokens": "aura-engine-api 700\naura-engine-api 600\naura-engine-api 600",
		"stat -c '%U:%G %a' /etc/aura/engine-api.env":                                                 "root:root 640",
		"grep -c " + stateDir + "/api-tokens /etc/aura/engine-api.env":                                "1",
		"ls /var/lib/aura":             "api-tokens", // another service may use it
		"aura-engine-api check-config": "configuration is valid",
	} {
		if got := strings.TrimSpace(mustSh(t, command)); got != want {
			t.Errorf("%s: %s, want %s", command, got, want)
		}
	}
	admits(t, firstSecret)
}

// startsAfterPowerCut installs the package until the power fails in the middle of the
// move. When the host starts, the package's unit starts, with everything, although
// the link to it leads nowhere.
func startsAfterPowerCut(t *testing.T) (said string) {
	t.Helper()
	mustSh(t, "dpkg --force-confold --unpack ./packages/aura-engine-api_*.deb && mkdir cut && printf '#!/bin/sh\nkill -KILL $PPID\n' >cut/chown && chmod 755 cut/chown")
	out, err := exec.Command("sh", "-c", "PATH=/shared/cut:$PATH DPKG_MAINTSCRIPT_PACKAGE=aura-engine-api sh /var/lib/dpkg/info/aura-engine-api.postinst configure").CombinedOutput()
	if err == nil {
		t.Errorf("the power did not fail:\n%s", out)
	}
	mustSh(t, "test -L /etc/systemd/system/multi-user.target.wants/engine-api.service && systemctl daemon-reload && systemctl start multi-user.target")
	awaitReady(t, hostURL, nil)
	mustSurvive(t)
	if got := show(t, "User", "FragmentPath"); got != "aura-engine-api /lib/systemd/system/engine-api.service" {
		t.Errorf("after the power cut the unit is %s", got)
	}
	return string(out)
}

// installsTheOthers: each has a user of its own, which reads nothing of the others.
func installsTheOthers(t *testing.T) {
	dpkg(t, "./packages/aura-sync-node_*.deb ./packages/aura-status-monitor_*.deb")
	for _, service := range services {
		patience.Await(t, func() error { return active(service) })
		mustSh(t, "systemd-analyze verify "+service+".service")
		t.Log(lastLine(mustSh(t, "systemd-analyze security --no-pager --threshold=15 "+service)))
		page := mustSh(t, fmt.Sprintf("dpkg-deb --fsys-tarfile packages/aura-%s_*.deb | tar -xO ./usr/share/man/man8/%[1]s.8.gz | gunzip", service))
		if !strings.Contains(page, "migrate status") || !strings.Contains(page, "AURA_DATABASE_URL") {
			t.Errorf("manual page of %s:\n%s", service, page)
		}
		for _, file := range []string{"handbook.md", "README.md", "PRIVACY.md", "litestream.yml", "nginx/sync-node.conf"} {
			mustSh(t, fmt.Sprintf("dpkg-deb --contents packages/aura-%s_*.deb | grep -q /usr/share/doc/aura-%[1]s/%s$", service, file))
		}
		if err := tried(service + " migrate --instance web"); err == nil || !strings.Contains(err.Error(), "sudo aura-"+service+" --instance NAME migrate") {
			t.Errorf("a command with a flag that it has not says %v", err)
		}
		if words := complete(t, service, "mig"); words != "migrate" {
			t.Errorf("completes to %q", words)
		}
	}
	for _, file := range []string{"/etc/aura/status-monitor.env", "/var/lib/aura-status-monitor/status-monitor.db", stateDir + "/api-tokens"} {
		if out, err := exec.Command("runuser", "-u", "aura-sync-node", "--", "cat", file).CombinedOutput(); err == nil || !strings.Contains(string(out), "Permission denied") {
			t.Errorf("the sync node reads %s: %v", file, err)
		}
	}
	for _, command := range []string{"outbox list", "journal list", "refused list", "backup"} {
		if err := tried("engine-api " + command); err == nil || !strings.Contains(err.Error(), "sudo aura-engine-api "+command) {
			t.Errorf("engine-api %s does not say how it runs as the service: %v", command, err)
		}
	}
	if out, err := exec.Command("runuser", "-u", "nobody", "--", "aura-engine-api", "outbox", "list").CombinedOutput(); err == nil || !strings.Contains(string(out), "sudo") {
		t.Errorf("anybody may run commands as the service: %v %s", err, out)
	}
}

// complete is what bash makes of the beginning of a command.
func complete(t *testing.T, service, beginning string) string {
	t.Helper()
	return strings.TrimSpace(mustSh(t, fmt.Sprintf(`%s __complete %s 2>/dev/null | head -n 1 | cut -f 1 && bash -n /usr/share/bash-completion/completions/%[1]s`, service, beginning)))
}

// readsSecretsAgain: secrets in /etc/aura are exchanged as the handbook says.
func readsSecretsAgain(t *testing.T) {
	mustSh(t, "sed -i s#"+stateDir+"/api-tokens#/etc/aura/engine-api/api-tokens# /etc/aura/engine-api.env && echo studio:admin:"+firstSecret+" >api-tokens")
	commands := openDocument(t, handbook).commands(t, "Exchange a secret or a certificate")
	mustSh(t, asRoot(commands[0])+" && systemctl restart engine-api")
	admits(t, firstSecret)
	if got := strings.TrimSpace(mustSh(t, "stat -c '%U:%G %a' /etc/aura/engine-api/api-tokens")); got != "root:aura-engine-api 640" {
		t.Errorf("the secret is of %s", got)
	}
	if out, err := exec.Command("runuser", "-u", "aura-sync-node", "--", "ls", "/etc/aura/engine-api").CombinedOutput(); err == nil {
		t.Errorf("the sync node sees the secrets of engine-api: %s", out)
	}
	before := mainPID(t)
	mustSh(t, "echo studio:admin:"+secondSecret+" >api-tokens")
	for _, command := range commands {
		mustSh(t, asRoot(command))
	}
	admits(t, secondSecret)
	if mainPID(t) != before {
		t.Error("it was restarted")
	}
}

// upgradesOne upgrades engine-api alone while much waits for the sync node.
func upgradesOne(t *testing.T) {
	const waiting = 50
	mustSh(t, "systemctl stop sync-node")
	for i := range waiting {
		mustCall(t, http.MethodPost, hostURL+"/api/v1/playlog", play(t, fmt.Sprintf("Title %d", i), time.Now().Add(-time.Hour-time.Duration(i)*time.Minute)), http.StatusNoContent)
	}
	before := strings.TrimSpace(mustSh(t, "systemctl show -P MainPID status-monitor"))
	dpkg(t, "./next/aura-engine-api_*.deb")
	awaitVersion(t, nextVersion)
	if list := mustSh(t, asRoot(openDocument(t, handbook).command(t, "sudo aura-engine-api outbox list"))); !strings.Contains(list, fmt.Sprintf("waiting: %d entries", waiting)) {
		t.Errorf("after the upgrade the outbox has\n%s", list)
	}
	if now := strings.TrimSpace(mustSh(t, "systemctl show -P MainPID status-monitor")); now != before {
		t.Error("the monitor was restarted, too")
	}
	if active("sync-node") == nil {
		t.Error("the sync node was started, too")
	}
	mustSh(t, "sed -i 's/^#AURA_MAIN_HOST_1=.*/AURA_MAIN_HOST_1=http:\\/\\/127.0.0.1:8008/' /etc/aura/sync-node.env && systemctl start sync-node")
	patience.Await(t, func() error {
		if list := mustSh(t, "aura-engine-api outbox list"); !strings.Contains(list, "waiting: 0 entries") {
			return fmt.Errorf("the outbox has %s", list)
		}
		return nil
	})
	mustSurvive(t)
	t.Log(lastLine(mustSh(t, asRoot(openDocument(t, handbook).command(t, "sudo aura-sync-node audit")))))
}

func downgrades(t *testing.T) {
	dpkg(t, "./packages/aura-engine-api_*.deb")
	awaitVersion(t, strings.TrimSpace(mustSh(t, "dpkg-deb --field packages/aura-engine-api_*.deb Version | tr '~' -")))
	mustSurvive(t)
}

// waitsForTheOperator: an upgrade whose program could not start with the schema
// leaves the one that runs, and says what is to be done.
func waitsForTheOperator(t *testing.T) {
	mustSh(t, "cp /etc/aura/engine-api.env kept && printf 'AURA_DATABASE_URL=sqlite://"+stateDir+"/other.db\\nAURA_DB_AUTO_MIGRATE=false\\n' >>/etc/aura/engine-api.env && "+
		"aura-engine-api migrate up && aura-engine-api migrate down")
	before := mainPID(t)
	if said := dpkg(t, "./next/aura-engine-api_*.deb"); !strings.Contains(said, "run migrate up") || !strings.Contains(said, "until: systemctl restart engine-api") {
		t.Errorf("the upgrade says\n%s", said)
	}
	if mainPID(t) != before {
		t.Error("it was restarted")
	}
	mustSurvive(t)
	mustSh(t, "cp kept /etc/aura/engine-api.env && systemctl restart engine-api")
	awaitVersion(t, nextVersion)
}

// removes: everything but the program stays, and is there for the next program.
func removes(t *testing.T) {
	mustSh(t, "dpkg --remove aura-engine-api")
	if active("engine-api") == nil {
		t.Error("it still runs")
	}
	mustSh(t, "test -s "+stateDir+"/engine-api.db && test -s /etc/aura/engine-api.env && test -s /etc/aura/engine-api/api-tokens && test ! -e /usr/bin/engine-api")
	dpkg(t, "./next/aura-engine-api_*.deb")
	awaitVersion(t, nextVersion)
	mustSurvive(t)
	admits(t, secondSecret)
}

// purges: nothing of the service stays, and everything of the others.
func purges(t *testing.T) {
	mustSh(t, "dpkg --purge aura-engine-api")
	if left := strings.TrimSpace(mustSh(t, "find /etc /var/lib/aura* /lib/systemd -name '*engine-api*'")); left != "" {
		t.Errorf("left are %s", left)
	}
	for _, service := range []string{"sync-node", "status-monitor"} {
		if err := active(service); err != nil {
			t.Error(err)
		}
	}
	mustSh(t, "test -s /etc/aura/sync-node.env && test -s /var/lib/aura-sync-node/sync-node.db")
}

func active(service string) error {
	if out, err := exec.Command("systemctl", "is-active", service).CombinedOutput(); err != nil {
		return fmt.Errorf("%s is %s", service, strings.TrimSpace(string(out)))
	}
	return nil
}

// awaitVersion returns when the service that runs has that version.
func awaitVersion(t *testing.T, version string) {
	t.Helper()
	patience.Await(t, func() error {
		out, err := exec.Command("sh", "-c", "/proc/$(systemctl show -P MainPID engine-api)/exe version").CombinedOutput()
		if got := strings.TrimSpace(string(out)); err == nil && got != "engine-api "+version {
			err = fmt.Errorf("runs %s, want %s", got, version)
		}
		return err
	})
	awaitReady(t, hostURL, nil)
}

// admits returns when the secret gives access to what only a token does.
func admits(t *testing.T, secret string) {
	t.Helper()
	patience.Await(t, func() error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, hostURL+"/metrics", nil)
		if err != nil {
			return err
		}
		r.Header.Set("X-Forwarded-For", "192.0.2.9") // so that it is not a program of this host
		r.Header.Set("Authorization", "Bearer "+secret)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s with %s", answer.Status, secret)
		}
		return nil
	})
}

// TestPackages_Reproducible: the same sources at another place make the same bytes.
func TestPackages_Reproducible(t *testing.T) {
	t.Parallel()
	env := []string{"VERSION=1.2.3", "SOURCE_DATE_EPOCH=1600000000"}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if out, err := exec.Command("sh", "-c", fmt.Sprintf("mkdir %[2]s && cd %[1]s && git ls-files -z --cached --others --exclude-standard | "+
		"xargs -0 ls -d 2>/dev/null | tar -c -T - | tar -x -C %[2]s", tree, elsewhere)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var sums []string
	for _, from := range []string{tree, elsewhere} {
		dir := t.TempDir()
		if err := buildPackages(from, dir, env, "status-monitor"); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(dir + "/aura-status-monitor_1.2.3_*.deb")
		if err != nil || len(files) != 1 {
			t.Fatalf("built %v, %v", files, err)
		}
		data, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, fmt.Sprintf("%x", sha256.Sum256(data)))
	}
	if sums[0] != sums[1] {
		t.Errorf("%s here, %s elsewhere", sums[0], sums[1])
	}
	t.Log(sums[0])
}
