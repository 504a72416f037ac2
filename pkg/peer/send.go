package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
)

// Batch is the data that one node sends to another.
type Batch = model.Batch

// Result is the outcome for one element of a batch.
type Result struct {
	// Refused is why the element was not stored, in the receiver's words; "" if
	// it was stored.
	Refused string
	// Content is the base of the content of an entry as the receiver has it now.
	Content model.Fingerprint
	// Merged is the whole entry if the receiver knows more than the copy that
	// was sent.
	Merged *model.Record
}

// Results has one result for each element that was sent, in the same order.
type Results struct {
	Records, Healths, Clocks []Result
	// Twin describes other databases that say that they are the sender's host's;
	// "" if there is none.
	Twin string
}

// Bounds of one request, as the contract has them.
const (
	// maxRequest is how many bytes the lists have together; the rest of 1 MiB is
	// for the names around them. A clock alone may have more.
	maxRequest = 1<<20 - 1024
	maxClock   = 4<<20 - 1024
	maxRecords = 1000
	maxHealths = 1000
	maxClocks  = 100
	maxAcks    = 10_000
)

// Send sends a batch in as many requests as it needs. An element that is too
// large even alone is refused here. If a request fails, the requests before it
// may be stored; sending all again changes nothing. Errors: ErrUnsupported,
// *StatusError, or of the network.
func (c *Client) Send(ctx context.Context, b Batch) (Results, error) {
	results := Results{
		Records: make([]Result, len(b.Records)), Healths: make([]Result, len(b.Healths)), Clocks: make([]Result, len(b.Clocks)),
	}
	s, err := newSending(c, b)
	if err != nil {
		return Results{}, err
	}
	for i, r := range b.Records {
		if err := s.add(ctx, records, record.NewEntry(r), &results.Records[i]); err != nil {
			return Results{}, err
		}
	}
	for i, h := range b.Healths {
		if err := s.add(ctx, healths, record.NewHealth(h), &results.Healths[i]); err != nil {
			return Results{}, err
		}
	}
	for i, k := range b.Clocks {
		if err := s.add(ctx, clocks, record.NewClock(k), &results.Clocks[i]); err != nil {
			return Results{}, err
		}
	}
	for _, a := range b.Acks {
		ack := api.Acknowledgement{Fingerprint: a.Fingerprint.String(), Content: a.Content.Base.String(), Supplement: a.Content.Supplement.String()}
		if err := s.add(ctx, acks, ack, nil); err != nil {
			return Results{}, err
		}
	}
	for _, uid := range b.HealthAcks {
		if err := s.add(ctx, healthAcks, uid.String(), nil); err != nil {
			return Results{}, err
		}
	}
	err = s.flush(ctx)
	results.Twin = s.twin
	return results, err
}

// The lists of a request.
const (
	records = iota
	healths
	clocks
	acks
	healthAcks
	numLists
)

// list is one of the lists of a request while it is being filled.
type list struct {
	name    string
	max     int // elements
	longest int // element, in bytes
	n       int
	json    []byte // the elements, each with a comma behind it
	results []*Result
}

// sending is a batch that is being sent, with the request that is being filled.
type sending struct {
	client *Client
	synced bool
	from   []byte // the sender's database; nil if it is not told
	twin   string // as the last answer has it
	size   int    // of all lists, in bytes
	lists  [numLists]list
}

func newSending(c *Client, b Batch) (*sending, error) {
	s := &sending{client: c, synced: b.Synced, lists: [numLists]list{
		records:    {name: "records", max: maxRecords, longest: maxRequest},
		healths:    {name: "healths", max: maxHealths, longest: maxRequest},
		clocks:     {name: "clocks", max: maxClocks, longest: maxClock},
		acks:       {name: "acknowledged", max: maxAcks, longest: maxRequest},
		healthAcks: {name: "acknowledged_healths", max: maxAcks, longest: maxRequest},
	}}
	if b.From != nil {
		from, err := json.Marshal(record.NewIdentity(*b.From))
		if err != nil {
			return nil, fmt.Errorf("encode for %s: %w", c.name, err)
		}
		s.from = from
	}
	return s, nil
}

// add puts an element into the request. If the request is full, add sends it
// first. result is filled once the answer is here; nil if the element has no
// result.
func (s *sending) add(ctx context.Context, which int, element any, result *Result) error {
	data, err := json.Marshal(element)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", s.client.name, err)
	}
	l := &s.lists[which]
	if len(data) >= l.longest && result != nil {
		result.Refused = fmt.Sprintf("is too large to be sent: more than %d MiB as JSON", l.longest>>20+1)
		return nil
	}
	if s.size+len(data)+1 > maxRequest || l.n == l.max {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	l.json = append(append(l.json, data...), ',')
	l.n++
	s.size += len(data) + 1
	if result != nil {
		l.results = append(l.results, result)
	}
	return nil
}

// flush sends the filled request, and empties it.
func (s *sending) flush(ctx context.Context) error {
	if s.size == 0 {
		return nil
	}
	var answer api.SyncResults
	err := s.client.do(ctx, call{method: http.MethodPost, path: syncRecords, body: s.body(), repeatable: true}, &answer)
	if err != nil {
		return err
	}
	for which, answered := range map[int][]api.SyncResult{records: answer.Records, healths: answer.Healths, clocks: answer.Clocks} {
		l := &s.lists[which]
		if len(answered) != l.n {
			return s.client.Unexpected(syncRecords, fmt.Sprintf("%d results for %d %s", len(answered), l.n, l.name))
		}
		for i, w := range answered {
			if *l.results[i], err = resultOf(w, which == records); err != nil {
				return s.client.Unexpected(syncRecords, err.Error())
			}
		}
	}
	s.size, s.twin = 0, cut(answer.Twin)
	for i := range s.lists {
		l := &s.lists[i]
		l.n, l.json, l.results = 0, l.json[:0], l.results[:0]
	}
	return nil
}

func (s *sending) body() []byte {
	body := make([]byte, 0, s.size+256)
	body = append(body, '{')
	for _, l := range s.lists {
		if l.n > 0 {
			body = fmt.Appendf(body, "%q:[", l.name)
			body = append(body, l.json[:len(l.json)-1]...)
			body = append(body, "],"...)
		}
	}
	if s.from != nil {
		body = fmt.Appendf(body, `"database":%s,`, s.from)
	}
	return fmt.Appendf(body, `"edition":%d,"synced":%t}`, model.ThisEdition, s.synced)
}
