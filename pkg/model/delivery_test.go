package model

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestDelivery_Validate(t *testing.T) {
	t.Parallel()
	good := func() Delivery {
		return Delivery{Channel: "webhook 🎵", Body: json.RawMessage(`{"a": "ü"}`), CreatedAt: minTime}
	}
	for name, test := range map[string]struct {
		change func(*Delivery)
		want   string // the refused field; "" if the delivery is valid
	}{
		"Good":            {func(*Delivery) {}, ""},
		"LongestChannel":  {func(d *Delivery) { d.Channel = strings.Repeat("🎵", MaxChannel) }, ""},
		"LongestBody":     {func(d *Delivery) { d.Body = []byte(`{"a":"` + strings.Repeat("x", MaxDelivery-8) + `"}`) }, ""},
		"NoChannel":       {func(d *Delivery) { d.Channel = "" }, "channel"},
		"LongChannel":     {func(d *Delivery) { d.Channel = strings.Repeat("a", MaxChannel+1) }, "channel"},
		"ChannelControls": {func(d *Delivery) { d.Channel = "a\x00" }, "channel"},
		"ChannelNoUTF8":   {func(d *Delivery) { d.Channel = "a\xff" }, "channel"},
		"NoBody":          {func(d *Delivery) { d.Body = nil }, "body"},
		"NoObject":        {func(d *Delivery) { d.Body = []byte("[]") }, "body"},
		"Null":            {func(d *Delivery) { d.Body = []byte("null") }, "body"},
		"HalfBody":        {func(d *Delivery) { d.Body = []byte(`{"a":`) }, "body"},
		"BodyNoUTF8":      {func(d *Delivery) { d.Body = []byte("{\"a\":\"\xff\"}") }, "body"},
		"LongBody":        {func(d *Delivery) { d.Body = []byte(`{"a":"` + strings.Repeat("x", MaxDelivery-7) + `"}`) }, "body"},
		"NoTime":          {func(d *Delivery) { d.CreatedAt = time.Time{} }, "created_at"},
		"Late":            {func(d *Delivery) { d.CreatedAt = maxTime.Add(time.Second) }, "created_at"},
	} {
		d := good()
		test.change(&d)
		err := d.Validate()
		invalid, ok := errors.AsType[*InvalidError](err)
		if test.want == "" && err != nil || test.want != "" && (!ok || len(invalid.Fields) != 1 || invalid.Fields[0].Field != test.want) {
			t.Errorf("%s: %v, want it to name %q", name, err, test.want)
		}
	}
}

func TestDelivery_Normalize(t *testing.T) {
	t.Parallel()
	at := time.Date(2020, 6, 27, 14, 0, 0, 1999, time.FixedZone("", 7200))
	d := Delivery{CreatedAt: at, Error: "a\tb", Outcome: strings.Repeat("ä", MaxReason+1)}
	d.Normalize()
	if want := time.Date(2020, 6, 27, 12, 0, 0, 1000, time.UTC); d.CreatedAt != want || !d.EndedAt.IsZero() || d.Error != "a b" || d.Outcome != strings.Repeat("ä", MaxReason) {
		t.Errorf("%+v", d)
	}
}
