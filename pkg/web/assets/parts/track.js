// What is read of a track.

export const startOf = track => track.on_air_from ?? track.track_start
// What is shown of a track first is its artist if it has no title.
export const headingOf = track => track.track_title || track.track_artist
export const belowOf = track => track.track_title ? track.track_artist : ""
export const showOf = track => track.track_artist || track.track_title !== track.show_name ? track.show_name ?? "" : ""
