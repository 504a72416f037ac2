package views

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"
)

// maxHistory is how many songs AzuraCast shows as history at most.
const maxHistory = 15

// StationID is the number of the only station.
const StationID = 1

// AzuraCast is the now-playing data of AzuraCast. A host of AzuraCast may have many
// stations; here is one.
type AzuraCast struct {
	Station     AzuraCastStation   `json:"station"`
	Listeners   AzuraCastListeners `json:"listeners"`
	Live        AzuraCastLive      `json:"live"`
	NowPlaying  AzuraCastPlay      `json:"now_playing"`
	PlayingNext *struct{}          `json:"playing_next"` // what comes next is not told to everybody
	SongHistory []AzuraCastPast    `json:"song_history"`
	IsOnline    bool               `json:"is_online"`
	Cache       string             `json:"cache"`
}

// AzuraCastStation describes the station.
type AzuraCastStation struct {
	ID              int              `json:"id"`
	Name            string           `json:"name"`
	Shortcode       string           `json:"shortcode"`
	Description     string           `json:"description"`
	Frontend        string           `json:"frontend"`
	Backend         string           `json:"backend"`
	Timezone        string           `json:"timezone"`
	ListenURL       string           `json:"listen_url"`
	URL             string           `json:"url"`
	PublicPlayerURL string           `json:"public_player_url"`
	PlaylistPLSURL  string           `json:"playlist_pls_url"`
	PlaylistM3UURL  string           `json:"playlist_m3u_url"`
	IsPublic        bool             `json:"is_public"`
	RequestsEnabled bool             `json:"requests_enabled"`
	Mounts          []AzuraCastMount `json:"mounts"`
	Remotes         []struct{}       `json:"remotes"`
	HLSEnabled      bool             `json:"hls_enabled"`
	HLSIsDefault    bool             `json:"hls_is_default"`
	HLSURL          string           `json:"hls_url"`
	HLSListeners    int              `json:"hls_listeners"`
}

// AzuraCastMount is a stream of the station. Its format is not known.
type AzuraCastMount struct {
	ID        int                `json:"id"`
	Name      string             `json:"name"`
	URL       string             `json:"url"`
	Bitrate   int                `json:"bitrate"`
	Format    string             `json:"format"`
	Listeners AzuraCastListeners `json:"listeners"`
	Path      string             `json:"path"`
	IsDefault bool               `json:"is_default"`
}

// AzuraCastListeners are not counted here.
type AzuraCastListeners struct {
	Total   int `json:"total"`
	Unique  int `json:"unique"`
	Current int `json:"current"`
}

// AzuraCastLive says whether somebody in a studio is heard.
type AzuraCastLive struct {
	IsLive         bool    `json:"is_live"`
	StreamerName   string  `json:"streamer_name"`
	BroadcastStart *int64  `json:"broadcast_start"`
	Art            *string `json:"art"`
}

// AzuraCastPast is a song that was played. Times are seconds of Unix time.
type AzuraCastPast struct {
	ID        int64         `json:"sh_id"`
	PlayedAt  int64         `json:"played_at"`
	Duration  int64         `json:"duration"`
	Playlist  string        `json:"playlist"`
	Streamer  string        `json:"streamer"`
	IsRequest bool          `json:"is_request"`
	Song      AzuraCastSong `json:"song"`
}

// AzuraCastPlay is the song that is playing.
type AzuraCastPlay struct {
	AzuraCastPast
	Elapsed   int64 `json:"elapsed"`
	Remaining int64 `json:"remaining"`
}

// AzuraCastSong is what is heard.
type AzuraCastSong struct {
	ID           string     `json:"id"`
	Art          string     `json:"art"`
	CustomFields []struct{} `json:"custom_fields"`
	Text         string     `json:"text"`
	Artist       string     `json:"artist"`
	Title        string     `json:"title"`
	Album        string     `json:"album"`
	Genre        string     `json:"genre"`
	ISRC         string     `json:"isrc"`
	Lyrics       string     `json:"lyrics"`
}

// NewAzuraCast renders a moment as AzuraCast does.
func NewAzuraCast(s Station, m Moment) AzuraCast {
	v := AzuraCast{
		Station:     s.azuraCast(),
		NowPlaying:  AzuraCastPlay{AzuraCastPast: AzuraCastPast{Song: newSong("Station Offline", &Play{Title: "Station Offline"})}},
		SongHistory: []AzuraCastPast{},
		IsOnline:    m.Playing != nil,
		Cache:       "database",
	}
	if p := m.Playing; p != nil {
		v.NowPlaying = AzuraCastPlay{AzuraCastPast: azuraCastPast(p), Elapsed: p.Elapsed(m.Now)}
		v.NowPlaying.Remaining = max(0, p.Duration()-v.NowPlaying.Elapsed)
		if p.IsLive() {
			v.Live = AzuraCastLive{IsLive: true, StreamerName: v.NowPlaying.Streamer, BroadcastStart: new(p.Start.Unix())}
		}
	}
	for i := range m.Before[:min(maxHistory, len(m.Before))] {
		v.SongHistory = append(v.SongHistory, azuraCastPast(&m.Before[i]))
	}
	return v
}

func (s Station) azuraCast() AzuraCastStation {
	v := AzuraCastStation{
		ID: StationID, Name: s.Name, Shortcode: s.Shortcode(), Timezone: s.Zone.Name(), IsPublic: true,
		ListenURL: s.Stream, Mounts: []AzuraCastMount{}, Remotes: []struct{}{},
	}
	if at, err := url.Parse(s.Stream); err == nil && s.Stream != "" {
		v.Mounts = append(v.Mounts, AzuraCastMount{ID: 1, Name: s.Name, URL: s.Stream, Path: at.Path, IsDefault: true})
	}
	return v
}

func azuraCastPast(p *Play) AzuraCastPast {
	past := AzuraCastPast{
		ID: p.ID, PlayedAt: p.Start.Unix(), Duration: p.Duration(), Playlist: p.Show,
		Song: newSong(p.Text(), p),
	}
	if p.IsLive() {
		past.Playlist, past.Streamer = "", p.Show
	}
	return past
}

func newSong(text string, p *Play) AzuraCastSong {
	return AzuraCastSong{ID: SongID(text), Art: p.Cover, CustomFields: []struct{}{}, Text: text, Artist: p.Artist, Title: p.Title, Album: p.Album}
}

const (
	// maxHashed is how many characters of a text AzuraCast hashes.
	maxHashed = 150
	// offline is the text that an empty one stands for, as it is hashed.
	offline = "stationoffline"
)

// lost are the characters that may be lost on the way through a stream, so
// AzuraCast does not hash them.
var lost = strings.NewReplacer(" ", "", "-", "", `"`, "", "'", "", "\n", "", "\t", "", "\r", "")

// SongID is the id that AzuraCast gives a song of that text. By it a client notices
// that another song plays. Only of capital letters whose small form depends on the
// language, or on the place in the word, the id may be another.
func SongID(text string) string {
	if runes := []rune(text); len(runes) > maxHashed {
		text = string(runes[:maxHashed])
	}
	hashed := strings.ToLower(lost.Replace(text))
	sum := md5.Sum([]byte(cmp.Or(hashed, offline)))
	return hex.EncodeToString(sum[:])
}

var (
	// strange are the characters that AzuraCast leaves out of a short code.
	strange = regexp.MustCompile(`[^\p{L}\p{M}\p{Nd}\s_\-~,;\[\]().]`)
	dots    = regexp.MustCompile(`\.{2,}`)
	numeric = regexp.MustCompile(`^[\d.]*$`)
)

// Shortcode is the station's name as AzuraCast writes it in addresses.
func (s Station) Shortcode() string {
	code := dots.ReplaceAllString(strange.ReplaceAllString(s.Name, ""), ".")
	code = strings.ToLower(strings.ReplaceAll(code, " ", "_"))
	if numeric.MatchString(code) {
		return strings.TrimSuffix("station_"+code, "_")
	}
	return code
}

// Pushed is what AzuraCast's stream of events says.
type Pushed struct {
	Connect *Connected   `json:"connect,omitempty"`
	Pub     *Publication `json:"pub,omitempty"`
}

// Connected is the first thing that a listener is told.
type Connected struct {
	Time int64                   `json:"time"` // milliseconds of Unix time
	Subs map[string]Subscription `json:"subs"`
}

// Subscription carries the state, so that a listener need not ask for it.
type Subscription struct {
	Recoverable  bool          `json:"recoverable"`
	Positioned   bool          `json:"positioned"`
	Publications []Publication `json:"publications"`
}

// Publication is a change, or the state.
type Publication struct {
	Data PublishedData `json:"data"`
}

// PublishedData is the now-playing data, and when it was rendered.
type PublishedData struct {
	NP          AzuraCast `json:"np"`
	Triggers    []string  `json:"triggers"`
	CurrentTime int64     `json:"current_time"` // seconds of Unix time
}

// Channel is the station's channel in AzuraCast's stream of events.
func (s Station) Channel() string { return "station:" + s.Shortcode() }

// NewConnected tells a new listener the state.
func NewConnected(s Station, m Moment) Pushed {
	return Pushed{Connect: &Connected{
		Time: m.Now.UnixMilli(),
		Subs: map[string]Subscription{s.Channel(): {Publications: []Publication{newPublication(s, m)}}},
	}}
}

// NewPublished tells the listeners a change.
func NewPublished(s Station, m Moment) Pushed { return Pushed{Pub: new(newPublication(s, m))} }

func newPublication(s Station, m Moment) Publication {
	return Publication{Data: PublishedData{NP: NewAzuraCast(s, m), Triggers: []string{}, CurrentTime: m.Now.Unix()}}
}
