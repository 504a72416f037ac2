package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// What a person has who sees a page for the first time: a slow telephone, and a slow
// mobile network.
const (
	slowProcessor  = 4               // times slower than this machine
	slowNetwork    = 1_600_000.0 / 8 // bytes a second
	slowAnswer     = 150.0           // milliseconds until an answer begins
	firstViewQuiet = 5 * time.Second // after the page is loaded: what still happens counts
	firstViewLimit = 2 * time.Minute // for one view
	firstViewPlays = 2_000           // in the on-air log
	phoneWidth     = 390
	phoneHeight    = 844

	transferBar    = 60_000 // bytes
	shiftBar       = 0.1    // what Chromium calls good
	interactiveBar = 1_000  // milliseconds
)

// watch notes in a page what Chromium says only to those who watch, and seen is all
// that it says.
const (
	watch = `window.watched = {shift: 0, busy: 0};
new PerformanceObserver(list => list.getEntries().forEach(e => { watched.shift += e.hadRecentInput ? 0 : e.value }))
	.observe({type: "layout-shift", buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(e => { watched.busy = Math.max(watched.busy, e.startTime + e.duration) }))
	.observe({type: "longtask", buffered: true});`

	seen = `(() => {
	const page = performance.getEntriesByType("navigation")[0];
	const painted = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
	return {
		bytes: [page, ...performance.getEntriesByType("resource")].reduce((sum, e) => sum + e.transferSize, 0),
		answered: page.responseEnd - page.requestStart,
		shift: watched.shift,
		painted,
		interactive: Math.max(painted, page.domContentLoadedEventEnd, watched.busy),
	};
})()`
)

// firstView is what Chromium says about a view of a page. Times are in milliseconds
// since the person went there.
type firstView struct {
	Bytes       float64 `json:"bytes"`
	Answered    float64 `json:"answered"` // how long after the browser asked for the page
	Shift       float64 `json:"shift"`
	Painted     float64 `json:"painted"`     // first contentful paint
	Interactive float64 `json:"interactive"` // after that no script kept the page busy for 50 ms
}

// benchFirstView measures the first view of the start page of a sync node, by a browser
// that has nothing of it yet.
func benchFirstView(ctx context.Context, o options) error {
	return inFolder(func(dir string) error {
		database := "sqlite://" + filepath.Join(dir, "sync.db")
		if err := archive(ctx, database, min(o.records, firstViewPlays), seedEntry); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		port, err := freePort()
		if err != nil {
			return err
		}
		node, err := startService(ctx, o.syncNode, port, database)
		if err != nil {
			return err
		}
		return errors.Join(firstViews(ctx, o, node.url+"/"), node.stop())
	})
}

func firstViews(ctx context.Context, o options, url string) error {
	var bytes, shift, painted, interactive []float64
	for range o.rounds {
		v, err := viewFirst(ctx, url)
		if err != nil {
			return err
		}
		bytes, shift = append(bytes, v.Bytes), append(shift, v.Shift)
		painted, interactive = append(painted, v.Painted), append(interactive, v.Interactive)
	}
	show := func(what, format string, of []float64, bar float64) {
		more := ""
		if bar > 0 {
			more = fmt.Sprintf(", bar "+format+": %s", bar, verdict(median(of) > bar))
		}
		fmt.Printf("  %-54s "+format+" ("+format+" to "+format+")%s\n", "/ on a slow phone: "+what, median(of), slices.Min(of), slices.Max(of), more)
	}
	show("transferred", "%.0f bytes", bytes, transferBar)
	show("layout shift", "%.3f", shift, shiftBar)
	show("first contentful paint", "%.0f ms", painted, 0)
	show("interactive", "%.0f ms", interactive, interactiveBar)
	return nil
}

// viewFirst opens a page in a new browser.
func viewFirst(ctx context.Context, url string) (v firstView, err error) {
	ctx, cancel := context.WithTimeout(ctx, firstViewLimit)
	defer cancel()
	ctx, stop := chromedp.NewExecAllocator(ctx, slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath("chromium"),
		chromedp.NoSandbox, // otherwise it refuses to run as root; it opens only our page
		chromedp.DisableGPU,
	})...)
	defer stop()
	ctx, end := chromedp.NewContext(ctx)
	defer end()
	err = chromedp.Do(ctx, chromedp.EmulateViewport(phoneWidth, phoneHeight, chromedp.EmulateMobile), chromedp.Func(slowDown),
		chromedp.Navigate(url), chromedp.Sleep(firstViewQuiet))
	if err != nil {
		return v, err
	}
	v, err = chromedp.Run(ctx, chromedp.Evaluate[firstView](seen))
	switch {
	case err != nil:
	case v.Painted == 0:
		err = errors.New("nothing was painted")
	case v.Answered < slowAnswer:
		err = fmt.Errorf("the page was answered after %.0f ms: the network is not slow", v.Answered)
	}
	return v, err
}

// slowDown has the browser behave as on the slow telephone, and watch.
func slowDown(ctx context.Context, _ *chromedp.Target) error {
	slow := &network.Conditions{Latency: slowAnswer, DownloadThroughput: slowNetwork, UploadThroughput: slowNetwork}
	_, enable := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	_, net := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{slow}})
	_, cpu := chromedp.Call(ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: slowProcessor})
	_, script := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watch})
	return errors.Join(enable, net, cpu, script)
}
