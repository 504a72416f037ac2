package status

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"aura.radio/engine/pkg/model"
)

// details are what the details of a report say, as far as they are understood.
type details struct {
	fallback *bool
	// level is the level in dB as it was written, and isSilent that it was told to
	// be none at all.
	level    string
	isSilent bool
	// uptime is for how long the engine runs, in seconds; nil if it does not say.
	uptime *float64
	// words and numbers are all else, by their place. Numbers within a text are
	// numbers too.
	words, numbers map[string]string
}

// readDetails reads details as engines since 2025 send them: a JSON object with
// uptime, queue, rms and fallback. Everything else has no meaning here, but may
// change.
func readDetails(text string) details {
	d := details{words: map[string]string{}, numbers: map[string]string{}}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || !isEnd(decoder) {
		value = text
	}
	if object, ok := value.(map[string]any); ok {
		d.take(object)
	}
	d.add("", value, 0)
	return d
}

func isEnd(decoder *json.Decoder) bool {
	_, err := decoder.Token()
	return err == io.EOF
}

// take reads the known members, and removes them.
func (d *details) take(object map[string]any) {
	if fallback, ok := object["fallback"].(bool); ok {
		d.fallback = &fallback
		delete(object, "fallback")
	}
	if rms, ok := object["rms"]; ok {
		switch v := rms.(type) {
		case nil:
			d.isSilent = true
		case json.Number:
			d.level = v.String()
		}
		if d.isSilent || d.level != "" {
			delete(object, "rms")
		}
	}
	if uptime, ok := object["uptime"].(json.Number); ok {
		if seconds, err := uptime.Float64(); err == nil {
			d.uptime = &seconds
			delete(object, "uptime")
		}
	}
	if _, ok := object["queue"].(json.Number); ok {
		delete(object, "queue")
	}
}

var anyNumber = regexp.MustCompile(`-?\d+(\.\d+)?`)

// maxDepth is how deep details are understood. What is deeper is text.
const maxDepth = 16

// add notes a value and all that is in it.
func (d *details) add(place string, value any, depth int) {
	if depth > maxDepth {
		value = fmt.Sprint(value)
	}
	switch v := value.(type) {
	case map[string]any:
		d.words[place] = "{}"
		for name, member := range v {
			d.add(place+"."+name, member, depth+1)
		}
	case []any:
		d.words[place] = "[]"
		for i, element := range v {
			d.add(place+"."+strconv.Itoa(i), element, depth+1)
		}
	case json.Number:
		d.words[place], d.numbers[place] = "#", v.String()
	case string:
		for i, number := range anyNumber.FindAllString(v, -1) {
			d.numbers[place+"#"+strconv.Itoa(i)] = number
		}
		d.words[place] = `"` + anyNumber.ReplaceAllLiteralString(v, "#")
	default:
		d.words[place] = fmt.Sprint(v)
	}
}

// sign is what details say beyond being healthy, if a level below that many dB
// is silence.
func (d *details) sign(silenceBelow float64) (s model.Sign) {
	s.Fallback = d.fallback
	if d.isSilent {
		s.Silence = new(true)
	} else if level, err := strconv.ParseFloat(d.level, 64); err == nil {
		s.Silence = new(level < silenceBelow)
	}
	return s
}

// Parsed is the details of a status as JSON; nil if they are none.
func Parsed(text string) json.RawMessage {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil
	}
	if parsed := json.RawMessage(bytes.Clone([]byte(text))); json.Valid(parsed) {
		return parsed
	}
	return nil
}
