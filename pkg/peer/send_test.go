package peer_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// receiver takes batches as a node does, and reports each request to tell.
func receiver(t testing.TB, tell func(b api.SyncBatch, size int)) *peer.Client {
	c, _ := fake(t, func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		var b api.SyncBatch
		if err := json.Unmarshal(data, &b); err != nil {
			t.Error(err)
		}
		tell(b, len(data))
		answer := api.SyncResults{Records: []api.SyncResult{}, Healths: []api.SyncResult{}, Clocks: []api.SyncResult{}, Twin: "another one"}
		for _, raw := range b.Records {
			var sent struct {
				Title string `json:"track_title"`
			}
			_ = json.Unmarshal(raw, &sent)
			answer.Records = append(answer.Records, api.SyncResult{Refused: "it is " + sent.Title[:1]})
		}
		answer.Healths = make([]api.SyncResult, len(b.Healths))
		answer.Clocks = make([]api.SyncResult, len(b.Clocks))
		_ = json.NewEncoder(w).Encode(answer)
	})
	return c
}

func TestClient_Send_split(t *testing.T) {
	t.Parallel()
	var sizes []string
	total := map[string]int{}
	c := receiver(t, func(b api.SyncBatch, size int) {
		if size > 1<<20 || len(b.Records) > 1000 || len(b.Healths) > 1000 || len(b.Clocks) > 100 || len(b.Acknowledged) > 10000 || len(b.AcknowledgedHealths) > 10000 || !b.Synced {
			t.Errorf("a request of %d bytes with %d records, %d healths, %d clocks", size, len(b.Records), len(b.Healths), len(b.Clocks))
		}
		sizes = append(sizes, fmt.Sprint(size>>10))
		total["records"] += len(b.Records)
		total["healths"] += len(b.Healths)
		total["clocks"] += len(b.Clocks)
		total["acks"] += len(b.Acknowledged)
		total["healthAcks"] += len(b.AcknowledgedHealths)
	})
	letters := "abcdefghijklmnopqrstuvwxyz"
	b := peer.Batch{Synced: true, Acks: make([]model.Ack, 25_000), HealthAcks: make([]model.Fingerprint, 10_001)}
	for i := range 2300 {
		r := played(i, letters[i%26:i%26+1]+strings.Repeat("<", i%200))
		r.Entry.Label = strings.Repeat("&", 200)
		b.Records = append(b.Records, r)
	}
	tooLarge := played(5000, "too large")
	for i := range 1200 {
		tooLarge.Corrections = append(tooLarge.Corrections, model.Correction{Kind: model.CorrectionVoid, At: noon.Add(time.Duration(i)), By: "x", Reason: strings.Repeat("y", model.MaxReason)})
	}
	b.Records = append(b.Records[:7], append([]model.Record{tooLarge}, b.Records[7:]...)...)
	for i := range 30 {
		b.Healths = append(b.Healths, model.Health{Source: i + 1, LogTime: noon, Details: strings.Repeat("\x01", model.MaxDetails)})
	}
	for range 150 {
		b.Clocks = append(b.Clocks, model.Clock{Source: 1, SentAt: noon, Body: []byte("{}")})
	}
	results, err := c.Send(t.Context(), b)
	if results.Twin != "another one" {
		t.Errorf("the answer tells of %q", results.Twin)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results.Records {
		want := "it is " + b.Records[i].Entry.Title[:1]
		if i == 7 {
			want = "is too large to be sent: more than 1 MiB as JSON"
		}
		if r.Refused != want {
			t.Fatalf("result %d is %q, want %q", i, r.Refused, want)
		}
	}
	want := map[string]int{"records": 2300, "healths": 30, "clocks": 150, "acks": 25_000, "healthAcks": 10_001}
	if fmt.Sprint(total) != fmt.Sprint(want) || len(results.Records) != 2301 || len(results.Healths) != 30 || len(results.Clocks) != 150 {
		t.Errorf("sent %v in requests of %v KiB, want %v", total, sizes, want)
	}
	// A clock may be longer than all of a request otherwise is.
	sizes = nil
	long := func(mib int) model.Clock {
		return model.Clock{Source: 1, SentAt: noon, Body: []byte(`{"a":"` + strings.Repeat("x", mib<<20) + `"}`)}
	}
	c = receiver(t, func(b api.SyncBatch, size int) { sizes = append(sizes, fmt.Sprint(size>>20, len(b.Clocks))) })
	results, err = c.Send(t.Context(), peer.Batch{Clocks: []model.Clock{b.Clocks[0], long(2), b.Clocks[0], long(4), long(3)}})
	if want := []string{"0 1", "2 1", "0 1", "3 1"}; err != nil || !slices.Equal(sizes, want) {
		t.Errorf("sent requests of %v MiB and clocks, %v, want %v", sizes, err, want)
	}
	if len(results.Clocks) != 5 || results.Clocks[3].Refused != "is too large to be sent: more than 4 MiB as JSON" || results.Clocks[4].Refused != "" {
		t.Errorf("results are %+v", results.Clocks)
	}
	sizes = nil
	if _, err := c.Send(t.Context(), peer.Batch{}); err != nil || sizes != nil {
		t.Errorf("nothing was sent in requests of %v KiB, %v", sizes, err)
	}
}

// An answer with fewer results than were requested must not be believed.
func TestClient_Send_badResults(t *testing.T) {
	t.Parallel()
	one := `{"content": "00000000000000000000000000000000"}`
	for _, body := range []string{
		`{}`, `{"records": [` + one + `]}`, `{"records": [` + one + `,` + one + `,` + one + `], "healths": []}`,
		`{"records": [` + one + `, {}]}`, `{"records": [` + one + `, {"content": "0"}]}`,
		`{"records": [` + one + `,` + one + `], "healths": [{}]}`, `{"records": [` + one + `,` + one + `], "clocks": [{}]}`,
	} {
		c, at := fake(t, says(200, body))
		results, err := c.Send(t.Context(), peer.Batch{Records: []model.Record{played(0, "a"), played(1, "b")}})
		if err == nil || !strings.Contains(err.Error(), at) {
			t.Errorf("%s is taken: %+v", body, results)
		}
	}
}
