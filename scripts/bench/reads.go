package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

const (
	currentBar = 1.0
	listBar    = 0.85 // also of pages and views
)

// seed fills a database with records that end now, one every three minutes, so
// that the last one is current.
func seed(ctx context.Context, url string, records int) error {
	db, err := repo.OpenNode(repo.Config{URL: url}, zerolog.Nop())
	if err != nil {
		return err
	}
	if err := db.Migrate(ctx); err != nil {
		return errors.Join(err, db.Close())
	}
	now := time.Now().UTC().Truncate(time.Second)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(256)
	for i := range records {
		g.Go(func() error {
			e := seedEntry(i, records, now)
			e.Normalize()
			return db.StoreEntry(ctx, e)
		})
	}
	return errors.Join(g.Wait(), db.Close())
}

// newEntry makes record number i of that many.
type newEntry func(i, records int, now time.Time) model.Entry

// seedEntry is record number i. The last one starts now, and its length is
// unknown.
func seedEntry(i, records int, now time.Time) model.Entry {
	e := model.Entry{
		LogSource: 1, TrackStart: now.Add(-time.Duration(records-1-i) * 3 * time.Minute),
		Artist: fmt.Sprintf("Artist %d", i%5000), Album: fmt.Sprintf("Album %d", i%9000),
		Title: fmt.Sprintf("Title %d", i%60000), TrackNum: i % 40, ShowName: fmt.Sprintf("Show %d", i%80),
		PlaylistID: int64(i%900 + 1), TimeslotID: int64(i/20 + 1), ShowID: int64(i%80 + 1),
	}
	if i < records-1 {
		e.Duration = 3 * time.Minute
	}
	return e
}

// benchReads compares hot reads of engine-api, pages and views included, with nginx
// serving the same bytes as files.
func benchReads(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "aura-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	database := "sqlite://" + filepath.Join(dir, "reads.db")
	began := time.Now()
	if err := seed(ctx, database, o.records); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	fmt.Printf("  %d records stored one by one, 256 at once, in %s\n", o.records, time.Since(began).Round(time.Second))
	subject, err := startEngineAPI(ctx, o.binary, database)
	if err != nil {
		return err
	}
	return errors.Join(againstNginx(ctx, o, dir, subject), subject.stop())
}

// againstNginx compares hot reads of a service with nginx serving the same
// bytes as files in dir.
func againstNginx(ctx context.Context, o options, dir string, subject *process) error {
	if err := os.Chmod(dir, 0o755); err != nil { // nginx's workers are another user
		return err
	}
	reads := []struct {
		file, path string
		bar        float64
	}{
		{"current.json", "/api/v1/trackservice/current", currentBar},
		{"list.json", "/api/v1/trackservice?limit=50", listBar},
		{"home.html", "/", listBar},
		{"day.html", "/day/" + time.Now().AddDate(0, 0, -1).Format(time.DateOnly), listBar},
		{"nowplaying.json", "/api/nowplaying", listBar},
		{"nowplaying.txt", "/nowplaying.txt", listBar},
	}
	for _, r := range reads {
		if err := save(ctx, subject.url+r.path, filepath.Join(dir, r.file)); err != nil {
			return err
		}
	}
	peer, err := startNginx(ctx, dir)
	if err != nil {
		return err
	}
	for _, r := range reads {
		err = errors.Join(err, pairs(o, "GET "+r.path, r.bar,
			func() (float64, error) { return wrk(ctx, o, readClients, subject.url+r.path) },
			func() (float64, error) { return wrk(ctx, o, readClients, peer.url+"/"+r.file) }))
	}
	return errors.Join(err, peer.stop())
}

func save(ctx context.Context, url, file string) error {
	body, err := fetch(ctx, url)
	if err != nil {
		return err
	}
	return os.WriteFile(file, body, 0o644)
}

func startNginx(ctx context.Context, dir string) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "nginx.conf")
	err = os.WriteFile(conf, fmt.Appendf(nil, `
daemon off; worker_processes auto; pid %[1]s/nginx.pid; error_log %[1]s/nginx.log;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=100; keepalive_requests 100000000;
  types { application/json json; text/html html; text/plain txt; }
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server { listen 127.0.0.1:%[2]s; root %[1]s; }
}`, dir, port), 0o644)
	if err != nil {
		return nil, err
	}
	return start(ctx, exec.Command("nginx", "-c", conf), "http://127.0.0.1:"+port, "/current.json")
}

var (
	requestsPerSecond = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	wrkTrouble        = regexp.MustCompile(`Non-2xx|Socket errors`)
)

// readClients is how many clients ask, each again as soon as it is answered.
const readClients = 32

// wrk is the rate of good answers to clients that ask again as soon as they are
// answered. more is passed on to wrk.
func wrk(ctx context.Context, o options, clients int, url string, more ...string) (float64, error) {
	args := []string{"-t1", "-c" + strconv.Itoa(clients), "-d" + strconv.Itoa(int(o.length.Seconds())) + "s", url}
	out, err := exec.CommandContext(ctx, "wrk", append(args, more...)...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("wrk: %w: %s", err, out)
	}
	if wrkTrouble.Match(out) {
		return 0, fmt.Errorf("wrk: %s", out)
	}
	m := requestsPerSecond.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("wrk printed no rate: %s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}
