// A client that swagger-typescript-api generated. It stores a play and a clock,
// and reads them again.
import { Api } from "./swagger-typescript-api.gen.js";
import { check, server, start, title } from "./check.js";

const client = new Api({ baseUrl: server });

const play = await client.playlog.storePlaylog({ track_start: start, track_title: title, log_source: 1 });
check("store play", play.status === 204, play.error);
const clock = await client.clock.storeClock({ engine_source: 1, current_track: { track_title: title }, studio: title });
check("store clock", clock.status === 204, clock.error);

const shown = await client.clock.getClock();
check("clock", shown.data["studio"] === title, shown.error);
const entries = await client.playlog.listPlaylog({ limit: 5 });
check("playlog", entries.data[0]?.track_title === title, entries.error);
const tracks = await client.trackservice.listTracks({ limit: 5 });
check("tracks", tracks.data[0]?.track_title === title, tracks.error);
