package e2e

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// printed is the text of the page on paper.
func printed(t *testing.T, ctx context.Context) string {
	t.Helper()
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		if os.Getenv("AURA_TEST_REQUIRE_CHROMIUM") != "" {
			t.Fatal(err)
		}
		t.Skip("pdftotext is not installed")
	}
	file := filepath.Join(t.TempDir(), "page.pdf")
	err = chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		pdf, err := chromedp.Call(ctx, page.PrintToPDF, page.PrintToPDFParams{})
		if err != nil {
			return err
		}
		return os.WriteFile(file, pdf.Data, 0o600)
	}))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "-layout", file, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// TestPages_Print: on paper stands what a page says, and nothing to press.
func TestPages_Print(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	day := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	for i, title := range []string{"Fade Into You", "Halah", "Blue Flower"} {
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, title, day.Add(time.Duration(i)*4*time.Minute)), http.StatusNoContent)
	}
	ctx := startBrowser(t)
	for address, c := range map[string]struct{ has, lacks []string }{
		"/day/2026-03-04":         {[]string{"March", "Fade Into You", "Halah", "Mazzy Star"}, []string{"Another day", "Day before", "Corrections", "Studio clock", "Most played", "English", "http"}},
		"/reports?period=2026-03": {[]string{"March 2026", "Recordings played most", "Fade Into You", "Halah", "Plays"}, []string{"Month", "XLSX", "CSV", "← Before", "Quarter", "Studio clock", "Most played", "http"}},
	} {
		if err := chromedp.Do(ctx, chromedp.Navigate(s.url+address)); err != nil {
			t.Fatal(err)
		}
		paper := printed(t, ctx)
		for _, want := range c.has {
			if !strings.Contains(paper, want) {
				t.Errorf("%s on paper lacks %q\n%s", address, want, paper)
			}
		}
		for _, control := range c.lacks {
			if strings.Contains(paper, control) {
				t.Errorf("%s on paper has %q\n%s", address, control, paper)
			}
		}
	}
}
