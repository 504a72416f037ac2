package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// behindProxies: both samples serve each programme below its own path.
func (p *programmes) behindProxies(t *testing.T) {
	for _, command := range p.book.commands(t, "One web address for all") {
		mustSh(t, strings.ReplaceAll(command, "sudo ", ""))
	}
	for _, of := range p.both() {
		awaitReady(t, of.station, nil)
	}
	for program, through := range p.proxies(t) {
		for _, of := range p.both() {
			p.reads(t, program, through, of)
		}
		for path, want := range map[string]int{
			"/api/v1/trackservice": http.StatusNotFound, "/kids/api/v1/trackservice": http.StatusNotFound, "/fm": http.StatusNotFound,
			"/fm/metrics": http.StatusNotFound, "/web/api/v1/playlog": http.StatusNotFound, "/web/api/v1/sync/state": http.StatusNotFound,
		} {
			if answer := through.get(t, path); answer.status != want {
				t.Errorf("%s: %s is answered %d", program, path, answer.status)
			}
		}
	}
}

// proxies starts those that are installed.
func (p *programmes) proxies(t *testing.T) map[string]visitor {
	started, asItIs := map[string]visitor{}, strings.NewReplacer()
	if _, err := exec.LookPath("nginx"); err == nil {
		started["nginx"] = visitor{startNginx(t, "deploy/nginx/programmes.conf", asItIs).client(t)}
	}
	if _, err := exec.LookPath("caddy"); err == nil {
		started["caddy"] = visitor{startCaddy(t, "deploy/caddy/programmes.Caddyfile", asItIs).client(t)}
	}
	if len(started) == 0 {
		t.Skip("neither nginx nor caddy is installed")
	}
	return started
}

// reads has a visitor go through the tracks of a programme, page by page as the links
// say.
func (p *programmes) reads(t *testing.T, program string, through visitor, of programme) {
	t.Helper()
	at, pages := &url.URL{Path: "/" + of.path + "/api/v1/trackservice", RawQuery: "limit=1"}, 0
	for ; at != nil; pages++ {
		answer := through.get(t, at.String())
		if answer.status != http.StatusOK || !strings.Contains(answer.body, of.title) || !strings.HasPrefix(at.Path, "/"+of.path+"/") {
			t.Errorf("%s: %s is answered %d %s", program, at, answer.status, answer.body)
			return
		}
		found := nextLink.FindStringSubmatch(answer.link)
		if found == nil {
			break
		}
		next, err := at.Parse(found[1])
		if err != nil {
			t.Fatal(err)
		}
		at = next
	}
	if pages != 2 {
		t.Errorf("%s: %s has %d pages after the first", program, of.path, pages)
	}
	if answer := through.get(t, "/"+of.path+"/engine/api/v1/playlog/current"); answer.status != http.StatusOK || !strings.Contains(answer.body, of.title) {
		t.Errorf("%s: a website of AURA 1.x gets %d %s", program, answer.status, answer.body)
	}
}

// visitor is somebody at the website.
type visitor struct{ *http.Client }

type answer struct {
	status     int
	body, link string
}

func (v visitor) get(t *testing.T, path string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience.Limit())
	defer cancel()
	resp := v.open(ctx, t, path)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, string(body), resp.Header.Get("Link")}
}

func (v visitor) open(ctx context.Context, t *testing.T, path string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+proxyHost+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := v.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return resp
}

// restart: listeners of FM go on on the same connection while web is restarted, and
// while it is down.
func (p *programmes) restart(t *testing.T) {
	for program, through := range p.proxies(t) {
		ctx, cancel := context.WithTimeout(t.Context(), patience.Limit())
		defer cancel()
		stream := through.open(ctx, t, "/fm/api/v1/trackservice/stream")
		defer stream.Body.Close()
		lines := bufio.NewScanner(stream.Body)
		before := p.processes(t, p.fm)
		mustSh(t, "systemctl restart engine-api@web && systemctl stop sync-node@web")
		if away := through.get(t, "/web/api/v1/trackservice/stream"); away.status != http.StatusOK || !strings.Contains(away.body, "retry: ") {
			t.Errorf("%s: while web is away, its stream is %d %s", program, away.status, away.body)
		}
		title := "Through " + program
		mustCall(t, http.MethodPost, p.fm.engineAPI+"/api/v1/playlog", play(t, title, time.Now()), http.StatusNoContent)
		if err := hears(lines, title); err != nil {
			t.Errorf("%s: %v", program, err)
		}
		if now := p.processes(t, p.fm); now != before {
			t.Errorf("the processes of FM were %s and are %s", before, now)
		}
		mustSh(t, "systemctl start sync-node@web")
		p.isThere(t, p.web, p.web.title, 3)
		p.isThere(t, p.fm, title, 1)
	}
}

// hears reads a stream until a title comes.
func hears(stream *bufio.Scanner, title string) error {
	for stream.Scan() {
		if strings.HasPrefix(stream.Text(), "data:") && strings.Contains(stream.Text(), title) {
			return nil
		}
	}
	return errors.Join(fmt.Errorf("the stream ended without %s", title), stream.Err())
}
