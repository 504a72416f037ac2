// Keeps the status page new. The server renders everything; what differs is put in
// the place of what is shown, except where somebody is filling in a form.
const every = 5000
const stale = document.getElementById("stale")
const reachable = "summary, button, input:not([type=hidden]), [tabindex]"

function replace(shown, fresh) {
  if (shown.querySelector("details.act[open]")) return
  const open = [...shown.querySelectorAll("details")].map(d => d.open)
  fresh.querySelectorAll("details").forEach((d, i) => { d.open = open[i] ?? false })
  if (shown.className !== fresh.className) shown.className = fresh.className
  if (shown.innerHTML === fresh.innerHTML) return
  const focused = [...shown.querySelectorAll(reachable)].indexOf(document.activeElement)
  shown.innerHTML = fresh.innerHTML
  shown.querySelectorAll(reachable)[focused]?.focus({ preventScroll: true })
}

async function refresh() {
  try {
    const answer = await fetch(stale.dataset.page, { cache: "no-store" })
    if (answer.status === 401) return location.assign(stale.dataset.page) // asks for signing in
    if (!answer.ok) throw new Error(answer.status)
    const page = new DOMParser().parseFromString(await answer.text(), "text/html")
    for (const fresh of page.querySelectorAll("[data-live]")) {
      const shown = document.getElementById(fresh.id)
      if (!shown) return location.assign(stale.dataset.page) // there is another engine
      replace(shown, fresh)
    }
    stale.hidden = true
  } catch {
    stale.hidden = false
  }
}

let waiting
async function run() {
  clearTimeout(waiting)
  if (!document.hidden) await refresh()
  waiting = setTimeout(run, every)
}
waiting = setTimeout(run, every)
document.addEventListener("visibilitychange", () => { if (!document.hidden) run() })
