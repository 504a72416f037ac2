package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// languages are those of the pages.
var languages = []string{"en", "de"}

//go:embed catalogue
var catalogueFiles embed.FS

// catalogue holds the texts of the pages, in one language.
type catalogue struct {
	lang  string
	texts *i18n.Localizer
}

// readCatalogues reads the texts in all languages. Their files are named
// PAGE.LANGUAGE.json.
func readCatalogues() (map[string]catalogue, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := fs.ReadDir(catalogueFiles, "catalogue")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if _, err := bundle.LoadMessageFileFS(catalogueFiles, "catalogue/"+file.Name()); err != nil {
			return nil, fmt.Errorf("read the texts of %s: %w", file.Name(), err)
		}
	}
	all := map[string]catalogue{}
	for _, lang := range languages {
		all[lang] = catalogue{lang, i18n.NewLocalizer(bundle, lang)}
	}
	return all, nil
}

// T is a text of the catalogue. Pairs of names and values fill its places; a value
// named Count decides singular and plural. A text that does not exist is shown by
// its key; a test keeps that from happening.
func (c catalogue) T(key string, pairs ...any) string {
	places := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		places[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	wanted := i18n.LocalizeConfig{MessageID: key, TemplateData: places}
	if count, ok := places["Count"]; ok {
		wanted.PluralCount = count
	}
	text, err := c.texts.Localize(&wanted)
	if err != nil {
		return key
	}
	return text
}

// Date is a day in words, such as Friday, 27 November 2026.
func (c catalogue) Date(t time.Time) string {
	return c.T("date.long", "Weekday", c.T("weekday."+strconv.Itoa(int(t.Weekday()))),
		"Day", t.Day(), "Month", c.T("month."+strconv.Itoa(int(t.Month()))), "Year", t.Year())
}

// Day is a day in words without the year, such as Fri 27 November.
func (c catalogue) Day(t time.Time) string {
	return c.T("date.short", "Weekday", c.T("weekday.short."+strconv.Itoa(int(t.Weekday()))),
		"Day", t.Day(), "Month", c.T("month."+strconv.Itoa(int(t.Month()))))
}

// Length is a length of time, such as 3:45 or 1:02:03.
func Length(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
