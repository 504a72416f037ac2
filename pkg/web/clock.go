package web

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/model"
)

// clockFace is how a studio clock looks. A studio writes it into the address once.
type clockFace struct {
	Face  string // analogue, digital or both
	Hours string // 24 or 12
	Scale string // in percent
	Color string // of the hands, as #rrggbb; "" is the station's
	Zone  string
	// Ring are the numbers of the face.
	Ring []ringNumber
}

// ringNumber is a number of the face, with its place around the middle; the face has
// a radius of 100.
type ringNumber struct {
	Number  string
	X, Y    int
	IsInner bool
}

var (
	faces      = []string{"both", "analogue", "digital"}
	hourCounts = []string{"24", "12"}
	scale      = regexp.MustCompile(`^\d{2,3}$`)
)

// clock shows the studio clock. All that moves in it is fetched by its script, so
// the page itself is always the same.
func (s *Site) clock(c *gin.Context, t catalogue) (view, error) {
	face := clockFace{
		Face: c.DefaultQuery("face", faces[0]), Hours: c.DefaultQuery("hours", hourCounts[0]),
		Scale: c.DefaultQuery("scale", "100"), Color: c.Query("color"), Zone: s.Zone.Name(), Ring: ring(),
	}
	var wrong []model.FieldError
	refuse := func(name, value, rule string) { wrong = append(wrong, model.NewFieldError(name, value, rule)) }
	if !slices.Contains(faces, face.Face) {
		refuse("face", face.Face, "must be one of "+strings.Join(faces, ", "))
	}
	if !slices.Contains(hourCounts, face.Hours) {
		refuse("hours", face.Hours, "must be 24 or 12")
	}
	if n, err := strconv.Atoi(face.Scale); err != nil || !scale.MatchString(face.Scale) || n < 50 || n > 300 {
		refuse("scale", face.Scale, "must be a percentage from 50 to 300")
	}
	if face.Color != "" && !hexColor.MatchString(face.Color) {
		refuse("color", face.Color, "must be a colour such as #c2410c, with %23 in the place of #")
	}
	if wrong != nil {
		return view{}, &model.InvalidError{Fields: wrong}
	}
	answercache.Keep(c, answercache.Policy{MaxAge: time.Second})
	return view{template: "clock", title: t.T("clock.title"), body: face}, nil
}

// ring are the numbers of the face: 1 to 12 outside, 13 to 24 inside.
func ring() []ringNumber {
	var list []ringNumber
	for hour := 1; hour <= 12; hour++ {
		sin, cos := math.Sincos(float64(hour) * math.Pi / 6)
		at := func(radius float64) (x, y int) { return int(math.Round(radius * sin)), int(math.Round(-radius * cos)) }
		x, y := at(74)
		list = append(list, ringNumber{strconv.Itoa(hour), x, y, false})
		x, y = at(56)
		list = append(list, ringNumber{strconv.Itoa(hour + 12), x, y, true})
	}
	return list
}

// Ticks are the marks of the face, as parts of a path: 60, each fifth longer.
func (p *page) Ticks() []string {
	var marks []string
	for minute := range 60 {
		sin, cos := math.Sincos(float64(minute) * math.Pi / 30)
		inner := 93.0
		if minute%5 == 0 {
			inner = 86
		}
		marks = append(marks, fmt.Sprintf("M%.1f %.1fL%.1f %.1f", inner*sin, -inner*cos, 97*sin, -97*cos))
	}
	return marks
}
