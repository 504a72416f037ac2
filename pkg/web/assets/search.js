// Completes what a person types into a search field with titles of the station.
const field = document.querySelector("input[data-titles]")
let asked = 0

async function complete() {
  const ask = ++asked
  if (field.value.trim().length < 2) return
  try {
    const answer = await fetch(`${field.dataset.titles}?limit=8&q=${encodeURIComponent(field.value)}`)
    if (!answer.ok || ask !== asked) return
    field.list.replaceChildren(...(await answer.json()).map(t => {
      const option = document.createElement("option")
      option.value = [t.track_artist, t.track_title].filter(Boolean).join(" ")
      return option
    }))
  } catch { /* the search works without */ }
}

let waiting
field?.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(complete, 150) })
