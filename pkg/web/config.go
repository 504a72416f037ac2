package web

import (
	"errors"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"aura.radio/engine/pkg/config"
)

// Config is how the pages look. It is meant to be filled by config.Load.
type Config struct {
	Language string `env:"PAGE_LANGUAGE" envDefault:"en" doc:"The language of the pages: en or de. A page's ?lang= takes precedence."`
	Color    string `env:"PAGE_COLOR" envDefault:"#c2410c" doc:"The station's colour on the pages, as #rrggbb. Where text needs more contrast, a lighter or darker shade is used."`
	URL      string `env:"PAGE_URL" doc:"Where people find the pages, such as https://radio.example/engine/. Editors such as WordPress then show what plays if they are given this address (oEmbed), and code to copy names it."`
	Logo     string `env:"PAGE_LOGO" file:"true" doc:"A file with the station's logo: .svg, .png, .webp or .jpg, up to 256 KiB. Without it the pages show the station's name."`
}

// maxLogo bounds the logo, in bytes.
const maxLogo = 256 << 10

var hexColor = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// Validate names every mistake.
func (c *Config) Validate() error {
	var mistakes []error
	refuse := func(variable, value, rule string) {
		mistakes = append(mistakes, &config.Mistake{Variable: variable, Value: value, Rule: rule})
	}
	if !slices.Contains(languages, c.Language) {
		refuse("PAGE_LANGUAGE", c.Language, "must be one of "+strings.Join(languages, ", "))
	}
	if !hexColor.MatchString(c.Color) {
		refuse("PAGE_COLOR", c.Color, "must be a colour such as #c2410c")
	}
	if u, err := url.Parse(c.URL); c.URL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		refuse("PAGE_URL", "", "must be an address such as https://radio.example/engine/, without a password")
	}
	if _, err := c.logo(); err != nil {
		refuse("PAGE_LOGO", c.Logo, err.Error())
	}
	return errors.Join(mistakes...)
}

// logo reads the logo; nil if there is none.
func (c *Config) logo() (*asset, error) {
	if c.Logo == "" {
		return nil, nil
	}
	content, err := os.ReadFile(c.Logo)
	if err != nil {
		return nil, err
	}
	if len(content) > maxLogo {
		return nil, errors.New("must have at most 256 KiB")
	}
	ending := strings.ToLower(c.Logo[strings.LastIndexByte(c.Logo, '.')+1:])
	if !slices.Contains([]string{"svg", "png", "webp", "jpg"}, ending) {
		return nil, errors.New("must be a file that ends with .svg, .png, .webp or .jpg")
	}
	return newAsset("logo."+ending, content)
}
