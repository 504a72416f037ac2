// What plays at the station, for every website:
//
//   <script type="module" src="https://radio.example/embed/aura.js"></script>
//   <aura-now-playing></aura-now-playing>
//   <aura-trackservice limit="10"></aura-trackservice>
//
// Attributes: src, where the service is (otherwise where this file came from); lang, en
// or de (otherwise that of the page); delay, by how many seconds the station's stream
// is late; color, that of the dot by what is live; limit, how many tracks are listed;
// covers, none or all (otherwise there is room for them from the first one on).
// To style: the parts label, title, artist, show, cover, list, item, playing, time, name
// and empty, and the properties --aura-accent, --aura-quiet, --aura-line, --aura-gap,
// --aura-title-size and --aura-cover-size. To render all of it otherwise: a <template> in
// the element, whose elements have data-field="title" (artist, album, show, start, cover,
// label, silence). Each track also comes as an event, aura-track.

import { Follower, about, between, silent, spread } from "./parts/follower.js"
import { belowOf, headingOf, showOf, startOf } from "./parts/track.js"

const home = new URL("..", import.meta.url)

const texts = {
  en: { label: "On air now", playing: "Now playing: ", silence: "Nothing is playing", recent: "Played recently", empty: "Nothing has been played yet." },
  de: { label: "Jetzt auf Sendung", playing: "Es läuft: ", silence: "Gerade läuft nichts", recent: "Zuletzt gespielt", empty: "Es wurde noch nichts gespielt." },
}

const fetchJSON = async address => {
  // A browser's own copy may be a second old, and so from before the change.
  const answer = await fetch(address, { cache: "no-cache", signal: AbortSignal.timeout(10_000) })
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`)
  return answer.status === 204 ? null : answer.json()
}

// A channel is what plays at a service with a delay. All elements of a page that show
// it share one stream.
class Channel {
  static #all = new Map()

  static join(member, base, query) {
    const key = base + query
    let channel = this.#all.get(key)
    if (!channel) this.#all.set(key, channel = new Channel(base, query))
    channel.#members.add(member)
    return channel
  }

  static lookAgain() { for (const channel of this.#all.values()) channel.#follower.ask() }

  track // undefined until something is known, null while nothing plays
  #members = new Set()
  #key
  #follower
  #told = 0

  constructor(base, query) {
    this.#key = base + query
    const address = path => new URL("api/v1/trackservice/" + path + query, base)
    this.#follower = new Follower({
      stream: address("stream"), event: "track",
      hear: data => this.#tell(JSON.parse(data)),
      ask: async () => {
        const told = this.#told, track = await fetchJSON(address("current"))
        const isNew = JSON.stringify(track) !== JSON.stringify(this.track)
        if (isNew && told === this.#told) this.#tell(track) // otherwise the stream was faster
      },
    })
  }

  leave(member) {
    this.#members.delete(member)
    if (this.#members.size) return
    this.#follower.close()
    Channel.#all.delete(this.#key)
  }

  // The first of the elements speaks for all: a screen reader says a track once.
  isSpeaker(member) { return this.#members.values().next().value === member }

  #tell(track) {
    this.#told++
    this.track = track
    for (const member of this.#members) member.show(track)
  }
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) Channel.lookAgain() })

const style = new CSSStyleSheet()
style.replaceSync(`
:host { display: block; overflow-wrap: anywhere; --accent: var(--aura-accent, currentColor); --quiet: var(--aura-quiet, color-mix(in srgb, currentColor 75%, transparent)); --line: var(--aura-line, color-mix(in srgb, currentColor 18%, transparent)) }
:host([hidden]), [hidden] { display: none }
* { box-sizing: border-box; margin: 0; padding: 0 }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
[part~=label] { display: flex; align-items: center; gap: .5em; font-size: .8em; font-weight: 700; letter-spacing: .04em }
[part~=label]::before { content: ""; width: .6em; height: .6em; border-radius: 50%; background: var(--accent) }
[part=now] { display: flex; gap: var(--aura-gap, 1em); align-items: center }
[part~=cover] { flex: none; width: var(--aura-cover-size, 5em); height: var(--aura-cover-size, 5em); border-radius: .3em; overflow: hidden; background: linear-gradient(160deg, var(--line) 40%, color-mix(in srgb, var(--line) 70%, var(--quiet))) }
[part~=cover] img { display: block; width: 100%; height: 100%; object-fit: cover }
[part~=item] [part~=cover] { width: var(--aura-cover-size, 2.5em); height: var(--aura-cover-size, 2.5em); align-self: center }
[part=now] [part~=title] { font-size: var(--aura-title-size, 1.5em); line-height: 1.2; font-weight: 700 }
[part~=artist], [part~=show], [part~=time], [part~=empty] { color: var(--quiet) }
[part~=list] { list-style: none }
[part~=item] { display: flex; gap: var(--aura-gap, 1em); align-items: baseline; padding-block: calc(var(--aura-gap, 1em) / 2); border-bottom: 1px solid var(--line) }
[part~=time] { flex: none; font-variant-numeric: tabular-nums }
[part~=name] { display: flex; flex-direction: column; min-width: 0 }
[dir=auto] { text-align: -webkit-match-parent; text-align: match-parent }
[part~=item] [part~=title] { font-weight: 600 }
[part~=playing] [part~=title]::after { content: "●" / ""; margin-inline-start: .5em; color: var(--accent) }
`)

const make = (tag, attributes, ...children) => {
  const e = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value)
  e.append(...children)
  return e
}

const keyOf = track => `${track.id} ${track.cover}`
const nameOf = track => [track.track_artist, track.track_title].filter(Boolean).join(" – ")

// AuraElement is what both elements share: the channel, the language, the announcement,
// and the page's own template.
class AuraElement extends HTMLElement {
  static observedAttributes = ["src", "lang", "delay", "limit", "color", "covers"]

  #channel
  #status = make("p", { class: "unseen", role: "status", "aria-live": "polite", "aria-atomic": "true" })
  #body = make("div", {}, make("slot", {})) // what the page says until something is known
  #color = new CSSStyleSheet()
  #hasCovers = false // some track had one
  #images = new Map() // of the tracks that are shown, so that none is loaded again

  constructor() {
    super()
    const root = this.attachShadow({ mode: "open" })
    root.adoptedStyleSheets = [style, this.#color]
    root.append(this.#status, this.#body)
  }

  connectedCallback() { this.#join() }

  disconnectedCallback() { this.#leave() }

  attributeChangedCallback() {
    if (!this.#channel) return
    this.#leave()
    this.#join()
  }

  #join() {
    const color = this.getAttribute("color") ?? ""
    this.#color.replaceSync(CSS.supports("color", color) ? `:host { --accent: ${color} }` : "")
    this.#body.lang = this.#status.lang = this.#lang
    this.#channel = Channel.join(this, this.base, this.query)
    if (this.#channel.track !== undefined) this.show(this.#channel.track)
  }

  #leave() {
    this.#channel?.leave(this) // none if src is no address
    this.#channel = undefined
  }

  // Where the service is; it may be below a path.
  get base() {
    const base = this.hasAttribute("src") ? new URL(this.getAttribute("src"), document.baseURI) : new URL(home)
    base.search = base.hash = ""
    if (!base.pathname.endsWith("/")) base.pathname += "/"
    return base.href
  }

  get query() {
    const delay = Number(this.getAttribute("delay"))
    return delay > 0 && delay <= 300 ? `?delay=${delay}` : ""
  }

  get #lang() {
    const wanted = this.closest("[lang]")?.lang ?? ""
    return /^de\b/i.test(wanted) ? "de" : "en"
  }

  get texts() { return texts[this.#lang] }

  // show is called with each track of the channel. A text is only set if it changes:
  // screen readers announce each change.
  show(track) {
    const words = track ? this.texts.playing + nameOf(track) : this.texts.silence
    const said = this.#channel.isSpeaker(this) ? words : ""
    if (this.#status.textContent !== said) this.#status.textContent = said
    this.update(track)
    this.dispatchEvent(new CustomEvent("aura-track", { detail: track, bubbles: true, composed: true }))
  }

  // render shows tracks, by the page's template if there is one.
  render(tracks, own) {
    const shown = tracks.filter(track => track?.cover)
    this.#hasCovers ||= shown.length > 0
    for (const key of this.#images.keys()) if (!shown.some(track => keyOf(track) === key)) this.#images.delete(key)
    const template = this.querySelector(":scope > template")
    if (!template) {
      this.#body.replaceChildren(own())
      return
    }
    const copies = tracks.map(track => this.#fill(template.content.cloneNode(true), track))
    const isList = template.content.firstElementChild?.localName === "li"
    this.replaceChildren(template, ...isList ? [make("ol", {}, ...copies)] : copies)
    if (!this.#body.querySelector("slot")) this.#body.replaceChildren(make("slot", {}))
  }

  // place makes what a cover is in. It has its size before the cover is there, and if
  // that can't be had, it stays as it is.
  place(place, track) {
    const wanted = this.getAttribute("covers")
    place.hidden = wanted === "none" || wanted !== "all" && !this.#hasCovers
    if (place.hidden || !track?.cover) return place
    const key = keyOf(track)
    let image = this.#images.get(key) // null if it can't be had
    if (image === undefined) {
      image = make("img", { src: new URL(track.cover, this.base), alt: "", decoding: "async", referrerpolicy: "no-referrer" })
      image.addEventListener("error", () => {
        image.remove()
        if (this.#images.has(key)) this.#images.set(key, null)
      })
      this.#images.set(key, image)
    }
    if (image) place.append(image)
    return place
  }

  #fill(copy, track) {
    const values = track
      ? { title: headingOf(track), artist: belowOf(track), album: track.track_album, show: showOf(track), start: startOf(track).slice(11, 16), label: this.texts.label }
      : { silence: this.texts.silence }
    for (const e of copy.querySelectorAll("[data-field]")) {
      if (e.dataset.field === "cover") {
        this.place(e, track)
        continue
      }
      e.textContent = values[e.dataset.field] ?? ""
      e.hidden = e.textContent === ""
      if (e.localName === "time" && track) e.dateTime = startOf(track)
    }
    return copy
  }
}

class NowPlaying extends AuraElement {
  update(track) {
    this.render([track], () => {
      if (!track) return make("p", { part: "empty" }, this.texts.silence)
      const rows = [make("p", { part: "label" }, this.texts.label), make("p", { part: "title", dir: "auto" }, headingOf(track))]
      if (belowOf(track)) rows.push(make("p", { part: "artist", dir: "auto" }, belowOf(track)))
      if (showOf(track)) rows.push(make("p", { part: "show", dir: "auto" }, showOf(track)))
      return make("div", { part: "now" }, this.place(make("div", { part: "cover" }), track), make("div", { part: "name" }, ...rows))
    })
  }
}

class TrackService extends AuraElement {
  #timer
  #asked = 0
  #isShown = false

  // The list is asked for after a change. It is there at once when the page opens.
  update(track) {
    this.#later(this.#isShown ? Math.random() * spread : 0, track)
  }

  // Of an answer that comes after the next question, nothing is shown.
  #later(ms, playing) {
    clearTimeout(this.#timer)
    const asked = ++this.#asked
    this.#timer = setTimeout(() => this.#list(playing, asked), ms)
  }

  async #list(playing, asked) {
    if (!this.isConnected) return
    let tracks
    try {
      tracks = await fetchJSON(this.#address)
    } catch {
      if (asked === this.#asked) this.#later(about(between), playing)
      return
    }
    if (asked !== this.#asked) return
    this.#isShown = true
    this.render(tracks.length ? tracks : [null], () => this.#own(tracks, playing))
    // Under load the list may come a moment after what plays.
    if (playing && !tracks.some(track => track.id === playing.id)) this.#later(about(silent), playing)
  }

  get #address() {
    const address = new URL("api/v1/trackservice" + this.query, this.base), limit = Math.floor(Number(this.getAttribute("limit")))
    address.searchParams.set("limit", limit >= 1 ? Math.min(limit, 100) : 10)
    return address
  }

  #own(tracks, playing) {
    if (!tracks.length) return make("p", { part: "empty" }, this.texts.empty)
    const rows = tracks.map((track, i) => {
      const name = make("span", { part: "name" }, make("span", { part: "title", dir: "auto" }, headingOf(track)))
      if (belowOf(track)) name.append(make("span", { part: "artist", dir: "auto" }, belowOf(track)))
      const row = make("li", { part: "item" }, make("time", { part: "time", datetime: startOf(track) }, startOf(track).slice(11, 16)), this.place(make("span", { part: "cover" }), track), name)
      if (i === 0 && playing?.id === track.id) {
        row.setAttribute("part", "item playing")
        row.setAttribute("aria-current", "true")
      }
      return row
    })
    return make("ol", { part: "list", "aria-label": this.texts.recent }, ...rows)
  }
}

// A page may load this file twice.
for (const [name, element] of [["aura-now-playing", NowPlaying], ["aura-trackservice", TrackService]]) {
  if (!customElements.get(name)) customElements.define(name, element)
}
