// A client of openapi-typescript's types. It stores a play and a clock, and
// reads them again.
import createClient from "openapi-fetch";
import type { paths } from "./openapi-typescript.gen.js";
import { check, server, start, title } from "./check.js";

const client = createClient<paths>({ baseUrl: server });

const play = await client.POST("/playlog", { body: { track_start: start, track_title: title, log_source: 1 } });
check("store play", play.response.status === 204, play.error);
const clock = await client.PUT("/clock", { body: { engine_source: 1, current_track: { track_title: title }, studio: title } });
check("store clock", clock.response.status === 204, clock.error);

const shown = await client.GET("/clock");
check("clock", shown.data?.["studio"] === title, shown.error);
const entries = await client.GET("/playlog", { params: { query: { limit: 5 } } });
check("playlog", entries.data?.[0]?.track_title === title, entries.error);
const tracks = await client.GET("/trackservice", { params: { query: { limit: 5 } } });
check("tracks", tracks.data?.[0]?.track_title === title, tracks.error);
