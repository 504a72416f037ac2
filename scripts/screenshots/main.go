// Command screenshots writes pictures of the pages of a running service to a folder:
// each page as on a phone and on a desk, light and dark, and in German on a phone.
//
//	screenshots -url http://127.0.0.1:8010 -out .build/screenshots / /clock
//	screenshots -url http://127.0.0.1:8010 -past http://127.0.0.1:8008
//
// A page is a path, or NAME|PATH|SCRIPT: a name for its files, and a script that runs
// when the page is there, which may lead to another one.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// settle is how long a page may take to fetch what is live.
const settle = 800 * time.Millisecond

// timeout bounds all pictures together.
const timeout = 20 * time.Minute

type options struct {
	address, out, program, past, token string
	top, now                           bool
	ports                              int
}

func main() {
	var o options
	flag.StringVar(&o.address, "url", "http://127.0.0.1:8010", "where the service is")
	flag.StringVar(&o.out, "out", ".build/screenshots", "the folder to write to")
	flag.StringVar(&o.program, "chromium", "chromium", "the browser")
	flag.BoolVar(&o.top, "top", false, "only what fits on the screen, not the whole page")
	flag.IntVar(&o.ports, "ports", 0, "print so many ports that nobody uses now, and nothing else")
	flag.StringVar(&o.past, "past", "", "address of an engine-api: tell it and the service three days of a station's past, and take no pictures")
	flag.BoolVar(&o.now, "now", false, "tell the service that a title plays whose texts are long, and take no pictures")
	flag.StringVar(&o.token, "token", "", "token of an administrator, for -past and -now")
	flag.Parse()
	if err := run(o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(o options, pages []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	told := past{o.address, o.past, o.token, time.Now()}
	switch {
	case o.ports > 0:
		return printPorts(o.ports)
	case o.past != "":
		return told.tell(ctx)
	case o.now:
		return told.tellNow(ctx)
	case len(pages) == 0:
		pages = []string{"/"}
	}
	return takeAll(ctx, o, pages)
}

// printPorts prints ports that are free, all at once.
func printPorts(n int) error {
	var list []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close() // only at the end, so that all differ
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return err
		}
		list = append(list, port)
	}
	fmt.Println(strings.Join(list, " "))
	return nil
}

// look is how a page is looked at.
type look struct {
	width        int64
	scheme, lang string
}

var looks = []look{{390, "light", ""}, {390, "dark", ""}, {1440, "light", ""}, {1440, "dark", ""}, {390, "light", "de"}}

func (l look) String() string {
	name := fmt.Sprintf("%d-%s", l.width, l.scheme)
	if l.lang != "" {
		name += "-" + l.lang
	}
	return name
}

// shown is a page of which pictures are taken.
type shown struct{ name, path, script string }

func newShown(argument string) shown {
	if parts := strings.SplitN(argument, "|", 3); len(parts) == 3 {
		return shown{parts[0], parts[1], parts[2]}
	}
	return shown{name: nameOf(argument), path: argument}
}

// in is the page's path in a language.
func (s shown) in(lang string) string {
	switch {
	case lang == "":
		return s.path
	case strings.Contains(s.path, "?"):
		return s.path + "&lang=" + lang
	}
	return s.path + "?lang=" + lang
}

func takeAll(ctx context.Context, o options, pages []string) error {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	ctx, stop := chromedp.NewExecAllocator(ctx, slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(o.program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("hide-scrollbars", true),
	})...)
	defer stop()
	ctx, end := chromedp.NewContext(ctx)
	defer end()
	for _, page := range pages {
		for _, l := range looks {
			p := newShown(page)
			file := filepath.Join(o.out, fmt.Sprintf("%s-%s.png", p.name, l))
			if err := take(ctx, o, p, l, file); err != nil {
				return fmt.Errorf("%s: %w", page, err)
			}
			fmt.Println(file)
		}
	}
	return nil
}

// nameOf is a page's name as a file's.
func nameOf(page string) string {
	name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "&", "-", "=", "-", ":", "", "%", "").Replace(page), "-")
	if name == "" {
		return "home"
	}
	return name
}

// loaded waits until the page to which a script led is there. While the browser goes
// to it, nothing can be asked.
func loaded(ctx context.Context) error {
	for {
		if err := chromedp.Do(ctx, chromedp.Sleep(settle)); err != nil {
			return err
		}
		if state, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.readyState")); err == nil && state == "complete" {
			return nil
		}
	}
}

// take writes one picture of a page. A phone shows no scroll bar beside a page.
func take(ctx context.Context, o options, p shown, l look, file string) error {
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}}}
	var device []chromedp.EmulateViewportOption
	if l.width < 600 {
		device = append(device, chromedp.EmulateMobile)
	}
	err := chromedp.Do(ctx, chromedp.EmulateViewport(l.width, 900, device...), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media)
		return err
	}), chromedp.Navigate(o.address+p.in(l.lang)), chromedp.Sleep(settle))
	if err != nil {
		return err
	}
	if p.script != "" {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[any](p.script+";0")); err != nil {
			return err
		}
		if err := loaded(ctx); err != nil {
			return err
		}
	}
	picture := chromedp.FullScreenshot(100)
	if o.top {
		picture = chromedp.CaptureScreenshot()
	}
	png, err := chromedp.Run(ctx, picture)
	if err != nil {
		return err
	}
	return os.WriteFile(file, png, 0o644)
}
