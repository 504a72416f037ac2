// Takes away covers that can't be had, so that what is behind them is seen.
const covers = ".cover img, .art img"
document.addEventListener("error", event => { if (event.target.matches?.(covers)) event.target.remove() }, true)
for (const image of document.querySelectorAll(covers)) if (image.complete && !image.naturalWidth) image.remove()
