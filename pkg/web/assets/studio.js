// The studio clock. Its time is the server's, with the round trip taken out: the clock
// of a studio PC may be wrong. What it no longer knows it does not go on showing.
import { serverClock } from "./parts/clock.js"
import { belowOf, headingOf } from "./parts/track.js"

const studio = document.getElementById("studio")
const part = name => studio.querySelector(`[data-part=${name}]`)
const text = name => studio.dataset["text" + name[0].toUpperCase() + name.slice(1)]
const { zone, lang, hours } = studio.dataset
const say = (name, words) => { if (part(name).textContent !== words) part(name).textContent = words }

if (studio.dataset.color) studio.style.setProperty("--hand", studio.dataset.color)
if (studio.dataset.scale !== "100") studio.style.zoom = Number(studio.dataset.scale) / 100

const format = options => new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { timeZone: zone, ...options })
const numbers = format({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })
const twelve = format({ hour: "numeric", minute: "2-digit", hourCycle: "h12" })
const dateLine = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" })
const minutes = hours === "12" ? twelve : format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
// reading takes hours, minutes and seconds of a moment as the station's clocks show it.
const reading = at => Object.fromEntries(numbers.formatToParts(at).map(p => [p.type, Number(p.value)]))

const clock = serverClock(studio.dataset.clock)
const staleAfter = 25_000
let known = null // the server's last answer
let source = null
let heard = 0 // by performance.now(), which no one can set
let heardAt = 0 // by the server's clock

async function ask() {
  const signal = AbortSignal.timeout(8000)
  const [answer, active] = await Promise.all([clock.ask(signal), fetch(studio.dataset.source, { cache: "no-store", signal }).then(a => a.ok ? a.json() : null)])
  known = answer
  source = active
  heard = performance.now()
  heardAt = clock.now()
  board()
}

function board() {
  const { current_track: track, current_show: show, next_shows: next, planned_tracks: planned } = known
  say("title", track ? headingOf(track) : text("none"))
  say("artist", track ? belowOf(track) : "")
  say("show", show ? show.show_name : text("noshow"))
  say("showtime", show ? minutes.format(Date.parse(show.start)) + (show.end ? "–" + minutes.format(Date.parse(show.end)) : "") : "")
  list("next", next.length ? next.slice(0, 2).map(s => [s.start, s.show_name]) : [["", text("noshow")]])
  list("planned", planned.slice(0, 4).map(t => [t.track_start, [t.track_artist, t.track_title].filter(Boolean).join(" – ")]))
  part("plan").hidden = planned.length === 0
}

function list(name, rows) {
  const shown = rows.map(([at, words]) => {
    const row = document.createElement("li"), time = document.createElement("time"), what = document.createElement("span")
    what.textContent = words
    if (at) {
      time.dateTime = at
      time.textContent = minutes.format(Date.parse(at))
      row.append(time)
    } else what.className = "empty"
    row.append(what)
    return row
  })
  const holder = document.createElement("ol")
  holder.append(...shown)
  if (part(name).innerHTML !== holder.innerHTML) part(name).replaceChildren(...shown)
}

// A time left, with its urgency: the last 30 and the last 10 seconds.
function left(name, end, at) {
  const ms = end - at, s = Math.max(0, Math.ceil(ms / 1000))
  const known = Number.isFinite(ms) && ms > -1000
  say(name, !known ? "–:––" : s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`)
  part(name).classList.toggle("soon", known && s <= 30 && s > 10)
  part(name).classList.toggle("now", known && s <= 10)
}
const two = n => String(n).padStart(2, "0")

function trackEnd(track) {
  if (track?.on_air_until) return Date.parse(track.on_air_until)
  return track?.track_duration ? Date.parse(track.track_start) + track.track_duration * 1000 : NaN
}

// While a computer sleeps, performance.now() may stand still. If the two clocks of this
// computer part, it slept or was set: what is known may be old.
let apart = Date.now() - performance.now()
function slept() {
  const now = Date.now() - performance.now()
  const jumped = Math.abs(now - apart) > 2000
  apart = now
  return jumped
}

let shownSecond = -1
function tick() {
  if (slept()) {
    heard = -Infinity
    soon()
  }
  if (!clock.known) return
  const at = clock.now(), second = Math.floor(at / 1000)
  if (second === shownSecond) return
  shownSecond = second
  const now = reading(at)
  const turn = (name, degrees) => part(name).setAttribute("transform", `rotate(${degrees})`)
  turn("hour", (now.hour % 12) * 30 + now.minute / 2)
  turn("minute", now.minute * 6 + now.second / 10)
  turn("second", now.second * 6)
  say("time", minutes.format(at))
  say("seconds", two(now.second))
  say("date", dateLine.format(at))
  lamps(at)
  if (!known) return
  left("trackleft", trackEnd(known.current_track), at)
  left("showleft", known.current_show?.end ? Date.parse(known.current_show.end) : NaN, at)
  const over = end => Number.isFinite(end) && at > end
  // Something ended or began: ask what is now, once for each second.
  if (over(trackEnd(known.current_track)) || over(Date.parse(known.current_show?.end)) || over(Date.parse(known.next_show?.start))) soon()
}

function lamp(name, state) {
  for (const s of ["good", "warn", "bad"]) part(name).classList.toggle(s, s === state)
}

function lamps(at) {
  const stale = performance.now() - heard > staleAfter
  studio.classList.toggle("stale", stale)
  say("heard", text("heard").replace("{time}", format({ timeStyle: "medium" }).format(heardAt)))
  lamp("lamp-server", stale ? "bad" : "good")
  say("source", source ? text("source").replace("{number}", source.active_source) : "–")
  lamp("lamp-source", stale || !source ? "" : source.stale ? "warn" : "good")
  const show = known?.current_track?.show_name ?? ""
  const fallback = /^fallback$/i.test(show)
  say("programme", fallback ? text("silent") : known?.sent_at ? text("told").replace("{time}", minutes.format(Date.parse(known.sent_at))) : text("untold"))
  lamp("lamp-programme", stale || !known ? "" : fallback ? "bad" : known.sent_at ? "good" : "")
  // The clock of this computer.
  const off = Date.now() - at
  part("alert").hidden = stale || Math.abs(off) <= 1000
  say("alert", (off < 0 ? text("behind") : text("ahead")).replace("{seconds}", (Math.abs(off) / 1000).toFixed(1)))
}

// Questions never overlap, and after a failure the next one waits longer.
let asking = false, pause = 10_000, next
async function again() {
  clearTimeout(next)
  if (asking) return
  asking = true
  try {
    await ask()
    pause = 10_000
  } catch {
    pause = 3000
  } finally {
    asking = false
    next = setTimeout(again, pause)
  }
}
let lastSoon = 0
function soon() {
  if (performance.now() - lastSoon < 1500) return
  lastSoon = performance.now()
  again()
}

const stream = new EventSource(studio.dataset.stream)
stream.addEventListener("track", soon)
document.addEventListener("visibilitychange", () => { if (!document.hidden) soon() })
addEventListener("online", soon)
setInterval(tick, 100)
again()

part("full").hidden = !document.fullscreenEnabled
part("full").addEventListener("click", () => document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen())
