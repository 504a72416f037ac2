package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// elsewhere are the commands of documents that TestCommands does not execute: the
// test that does, with the names and places of its own, or why none can. TestLitestream
// skips on a machine without Litestream.
var elsewhere = map[string]string{
	"sudo apt install ./.build/packages/aura-engine-api_*_amd64.deb":                                                  "TestSystemd",
	"sudo apt install ./.build/packages/aura-sync-node_*_amd64.deb ./.build/packages/aura-status-monitor_*_amd64.deb": "TestSetup",
	"sudo apt remove aura-engine-api":         "TestPackages",
	"sudo apt purge aura-engine-api":          "TestPackages",
	"man engine-api":                          "TestPackages", // a minimal machine has no man
	"sudo apt install --allow-downgrades ./…": "TestPackages",
	"sudo sync-node setup --zone Europe/Vienna --address 192.0.2.3 --engines 192.0.2.1,192.0.2.2": "TestSetup",
	"sudo sync-node invite monitor | sudo status-monitor setup --join -":                          "TestSetup",
	"sudo sync-node invite node-1":                                           "TestSetup",
	"sudo sync-node invite node-2":                                           "TestSetup",
	"sudo engine-api setup --join -":                                         "TestSetup",
	"sudo engine-api setup":                                                  "TestSetup",
	"sudo engine-api check":                                                  "TestSetup",
	"sudo sync-node check":                                                   "TestSetup",
	"sudo status-monitor check":                                              "TestSetup",
	"status-monitor status":                                                  "TestSetup",
	"sudo systemctl enable --now engine-api-backup.timer":                    "TestSystemd",
	"sudo systemctl start engine-api-backup":                                 "TestSystemd",
	"sudo aura-engine-api restore backups/engine-api-1-20261130T043512.417Z": "TestSystemd",
	"sudo cp -r engine-api-1-20261130T043512.417Z /var/lib/aura-engine-api/from-elsewhere":                           "TestSystemd",
	"sudo chown -R --reference=/var/lib/aura-engine-api /var/lib/aura-engine-api/from-elsewhere":                     "TestSystemd",
	"sudo aura-engine-api restore from-elsewhere":                                                                    "TestSystemd",
	`echo "ann:admin:$(openssl rand -hex 24)" | sudo tee -a /etc/aura/sync-node/api-tokens`:                          "TestSetup",
	"sudo install -m 640 -g aura-engine-api api-tokens /etc/aura/engine-api/api-tokens":                              "TestPackages",
	"deploy/docker/configure engine-api setup --zone Europe/Vienna":                                                  "TestImages_Compose",
	"docker compose -p aura -f deploy/docker/engine.yaml up -d":                                                      "TestImages_Compose",
	"docker compose -p aura -f deploy/docker/engine.yaml exec engine-api engine-api check":                           "TestImages_Compose",
	"deploy/docker/configure sync-node setup --zone Europe/Vienna --address 192.0.2.3 --engines 192.0.2.1,192.0.2.2": "TestImages_Station",
	"deploy/docker/configure sync-node invite monitor | deploy/docker/configure status-monitor setup --join -":       "TestImages_Station",
	"docker compose -p aura -f deploy/docker/station.yaml up -d":                                                     "TestImages_Station",
	"deploy/docker/configure sync-node invite node-1":                                                                "TestImages_Station",
	"deploy/docker/configure sync-node invite node-2":                                                                "TestImages_Station",
	"deploy/docker/configure engine-api setup --join -":                                                              "TestImages_Station",
	"echo PUBLISH=192.0.2.1:8008 >> deploy/docker/.env":                                                              "TestImages_Station",
	"docker compose -p aura -f deploy/docker/station.yaml exec sync-node sync-node check":                            "TestImages_Station",
	"docker compose -p aura -f deploy/docker/station.yaml exec status-monitor status-monitor status":                 "TestImages_Station",
	"docker compose -p aura -f deploy/docker/station.yaml exec sync-node sync-node audit":                            "TestImages_Station",
	"docker compose … stop engine-api":                                                                               "TestImages_Station",
	"docker compose … run --rm engine-api restore backups/…":                                                         "TestImages_Station",
	"docker compose … up -d":                       "TestImages_Station",
	"docker compose -p aura -f engine.yaml up -d":  "TestImages_Compose",
	"docker compose -p aura -f station.yaml up -d": "TestImages_Station",
	"AURA_DATABASE_URL='mysql://aura_engine_api_migrate:…@localhost:3306/aura_engine_api' engine-api migrate up":                                              "TestCreateDatabase",
	"sudo mariadb-dump --single-transaction --routines --hex-blob aura_engine_api | gzip > aura_engine_api.sql.gz":                                            "TestMariaDBDump",
	"sudo mariadb -e 'DROP DATABASE aura_engine_api; CREATE DATABASE aura_engine_api CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci'":                   "TestMariaDBDump",
	"gunzip < aura_engine_api.sql.gz | sudo mariadb aura_engine_api":                                                                                          "TestMariaDBDump",
	"sudo cp -r /var/lib/aura-engine-api/engine-api.refused /backup/":                                                                                         "TestMariaDBDump",
	"litestream restore -config /etc/litestream.yml -timestamp 2026-11-30T04:35:00Z -o /var/lib/aura-engine-api/at.db /var/lib/aura-engine-api/engine-api.db": "TestLitestream",
	"sudo aura-engine-api restore at.db": "TestLitestream",

	"sudoedit /etc/aura/engine-api.env":                             "a person edits",
	"sudoedit /etc/aura/sync-node.env /etc/aura/status-monitor.env": "a person edits",
	"sudo systemctl edit status-monitor":                            "a person edits",
	"docker network connect aura_playout <engine>":                  "the engine is the station's own container",
	"docker cp aura-engine-api-1:/var/lib/aura/backups .":           "TestImages_Compose",
	"docker cp":                          "a part of a command",
	"docker kill -s HUP":                 "a part of a command",
	"docker save aura/engine-api | gzip": "a part of a command",
	"docker load":                        "a part of a command",
	"docker compose … exec engine-api engine-api backup --keep 14": "TestImages_Station",
	"curl -f":                            "a part of a command",
	"rsync -a":                           "a part of a command",
	"systemctl reload":                   "a part of a command",
	"apt-get install git make":           "installs from the internet",
	"apt-get install sqlite3":            "installs from the internet",
	"go test ./report -update":           "rewrites files of the tree",
	"go run ./scripts/bench -only posts": "measures for minutes; make bench",
	`mariadb-dump \| mariadb`:            "names what is measured",
}

// commandLike is a command in the middle of a text: a program that operators or
// developers know, and something after it.
var commandLike = regexp.MustCompile(`^(?:[A-Z0-9_]+=\S+ )*(?:sudo|sudoedit|docker|make|curl|engine-api|sync-node|status-monitor|aura-\S+|openssl|systemctl|journalctl|apt|apt-get|dpkg|litestream|mariadb|mariadb-dump|gunzip|go|git|cp|rsync|man) \S`)

// instruction is a command that a document tells people to run.
type instruction struct {
	file, text string
	block      bool // it stands in a block of commands
}

// instructions are the commands of all documents, in their order.
func instructions(t *testing.T) (all []instruction) {
	t.Helper()
	for _, file := range documents(t) {
		text := string(openDocument(t, filepath.Join(documentRoot(), file)))
		if filepath.Ext(file) != ".md" {
			for _, found := range regexp.MustCompile(`(?m)^(?:#|--) {2,}(.*)$`).FindAllStringSubmatch(text, -1) {
				if commandLike.MatchString(found[1]) {
					all = append(all, instruction{file, strings.TrimSuffix(strings.TrimSpace(found[1]), ";"), true})
				}
			}
			continue
		}
		fences := regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
		for _, block := range fences.FindAllStringSubmatch(text, -1) {
			if block[1] == "sh" {
				all = append(all, linesOf(file, block[2])...)
			}
		}
		for _, span := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(fences.ReplaceAllString(text, ""), -1) {
			if commandLike.MatchString(span[1]) {
				all = append(all, instruction{file, span[1], false})
			}
		}
	}
	return all
}

// linesOf are the commands of a block. Lines of an environment file are none.
func linesOf(file, block string) (all []instruction) {
	variable, withCommand := regexp.MustCompile(`^AURA_\w+=`), regexp.MustCompile(`^AURA_\w+='[^']*' [a-z]`)
	comment := regexp.MustCompile(`(^|\s+)# .*$`)
	for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", "")) {
		line = strings.TrimSpace(comment.ReplaceAllString(strings.TrimRight(line, "\n"), ""))
		if line != "" && (!variable.MatchString(line) || withCommand.MatchString(line)) {
			all = append(all, instruction{file, line, true})
		}
	}
	return all
}

// documentRoot is the folder that paths of documents begin at.
func documentRoot() string {
	if os.Getenv(insideHost) != "" {
		return "."
	}
	return tree
}

// documents are the files that tell people what to run.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{
		"README.md", "deploy/README.md", "deploy/PRIVACY.md", "services/*/README.md", "CONTRIBUTING.md", "pkg/README.md", "scripts/bench/README.md",
		"deploy/docker/*", "deploy/systemd/*", "deploy/nginx/*", "deploy/caddy/*", "deploy/mariadb/*", "deploy/debian/*", "deploy/*.yml",
	} {
		found, err := filepath.Glob(filepath.Join(documentRoot(), pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, path := range found {
			name, err := filepath.Rel(documentRoot(), path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, name)
		}
	}
	return all
}

// isMake reports whether a command is one of the Makefile. Other tests run what
// these do, by the scripts behind them.
func (i instruction) isMake() bool {
	return regexp.MustCompile(`^([A-Z0-9_]+=\S+ )*make `).MatchString(i.text)
}

// isNamed reports whether a text only speaks of a command of a service, such as
// `engine-api journal show N`.
func (i instruction) isNamed() bool {
	return !i.block && slices.Contains(services, strings.Fields(i.text)[0])
}

// isOfInstance reports whether a command is about a second programme on a host.
// TestInstances follows the handbook there.
func (i instruction) isOfInstance() bool {
	return regexp.MustCompile(`--instance |@web\b|-web\b`).MatchString(i.text)
}

// isHere reports whether TestCommands executes a command.
func (i instruction) isHere() bool {
	return elsewhere[i.text] == "" && !i.isMake() && !i.isNamed() && !i.isOfInstance()
}

// TestCommands_Elsewhere: what TestCommands does not execute is executed by a test
// that exists, or has a reason, and stands in a document. Targets of the Makefile
// exist.
func TestCommands_Elsewhere(t *testing.T) {
	t.Parallel()
	all, text := instructions(t), ""
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text += string(openDocument(t, file))
	}
	for command, why := range elsewhere {
		if !slices.ContainsFunc(all, func(i instruction) bool { return i.text == command }) {
			t.Errorf("no document has %s", command)
		}
		if strings.HasPrefix(why, "Test") && !strings.Contains(text, "\nfunc "+why+"(t *testing.T)") {
			t.Errorf("%s: there is no %s", command, why)
		}
	}
	makefile := string(openDocument(t, filepath.Join(tree, "Makefile")))
	for _, i := range all {
		if !i.isMake() {
			continue
		}
		for _, word := range strings.Fields(i.text[strings.Index(i.text, "make ")+len("make "):]) {
			if strings.ContainsAny(word, `="`) {
				break // a variable
			}
			if !regexp.MustCompile(`(?m)^(\S+ )*` + regexp.QuoteMeta(word) + `( \S+)*:`).MatchString(makefile) {
				t.Errorf("%s: %s: the Makefile has no %s", i.file, i.text, word)
			}
		}
	}
}

// String tells where a command stands.
func (i instruction) String() string { return fmt.Sprintf("%s: %s", i.file, i.text) }
