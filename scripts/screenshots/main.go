// Command screenshots writes pictures of the pages of a running service to a folder:
// each page as on a phone and on a desk, light and dark.
//
//	screenshots -url http://127.0.0.1:8010 -out .build/screenshots / /clock
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
const settle = 1500 * time.Millisecond

// timeout bounds all pictures together.
const timeout = 5 * time.Minute

func main() {
	address := flag.String("url", "http://127.0.0.1:8010", "where the service is")
	out := flag.String("out", ".build/screenshots", "the folder to write to")
	program := flag.String("chromium", "chromium", "the browser")
	top := flag.Bool("top", false, "only what fits on the screen, not the whole page")
	ports := flag.Int("ports", 0, "print so many ports that nobody uses now, and nothing else")
	flag.Parse()
	if *ports > 0 {
		if err := printPorts(*ports); err != nil {
			fmt.Fprintln(os.Stderr, "screenshots:", err)
			os.Exit(1)
		}
		return
	}
	pages := flag.Args()
	if len(pages) == 0 {
		pages = []string{"/"}
	}
	if err := run(*program, *address, *out, *top, pages); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
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

func run(program, address, out string, top bool, pages []string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	ctx, stop := chromedp.NewExecAllocator(ctx, slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("hide-scrollbars", true),
	})...)
	defer stop()
	ctx, end := chromedp.NewContext(ctx)
	defer end()
	for _, page := range pages {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{390, 1440} {
				file := filepath.Join(out, fmt.Sprintf("%s-%d-%s.png", nameOf(page), width, scheme))
				if err := picture(ctx, address+page, width, scheme, top, file); err != nil {
					return fmt.Errorf("%s: %w", page, err)
				}
				fmt.Println(file)
			}
		}
	}
	return nil
}

// nameOf is a page's name as a file's.
func nameOf(page string) string {
	name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "&", "-", "=", "-", ":", "").Replace(page), "-")
	if name == "" {
		return "home"
	}
	return name
}

// picture writes one picture of a page.
func picture(ctx context.Context, address string, width int64, scheme string, top bool, file string) error {
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media)
		return err
	}), chromedp.Navigate(address), chromedp.Sleep(settle))
	if err != nil {
		return err
	}
	take := chromedp.FullScreenshot(100)
	if top {
		take = chromedp.CaptureScreenshot()
	}
	png, err := chromedp.Run(ctx, take)
	if err != nil {
		return err
	}
	return os.WriteFile(file, png, 0o644)
}
