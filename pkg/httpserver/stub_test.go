package httpserver_test

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/stationtime"
)

// stub answers every operation with something valid. A func that is set takes
// precedence.
type stub struct {
	StoreFunc   func(ctx context.Context, body api.Play) error
	CurrentFunc func(ctx context.Context) (api.GetCurrentTrackResponseObject, error)
	StreamFunc  func(ctx context.Context) (io.Reader, error)
	ReportFunc  func(ctx context.Context) (io.Reader, error)
	TracksFunc  func(ctx context.Context, p api.ListTracksParams) error
	BatchFunc   func(api.SyncBatch)
}

var (
	_     api.StrictServerInterface = stub{}
	noon                            = stationtime.UTC(time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC))
	track                           = api.Track{Id: 1, TrackStart: noon, TrackArtist: "Mazzie Star", TrackTitle: "Fade Into You"}
	fixed                           = api.CorrectionJSONResponse{Body: api.Correction{Id: 1, Kind: "amend", At: noon, By: "M. Tester", Reason: "tag"}}
)

func (s stub) store(ctx context.Context, body json.RawMessage) error {
	if s.StoreFunc == nil {
		return nil
	}
	var play api.Play
	if err := json.Unmarshal(body, &play); err != nil {
		return err
	}
	return s.StoreFunc(ctx, play)
}

func (s stub) StorePlaylog(ctx context.Context, r api.StorePlaylogRequestObject) (api.StorePlaylogResponseObject, error) {
	return api.StorePlaylog204Response{}, s.store(ctx, *r.Body)
}

func (s stub) StorePlaylogOlderPath(ctx context.Context, r api.StorePlaylogOlderPathRequestObject) (api.StorePlaylogOlderPathResponseObject, error) {
	return api.StorePlaylogOlderPath204Response{}, s.store(ctx, *r.Body)
}

func (s stub) GetCurrentTrack(ctx context.Context, _ api.GetCurrentTrackRequestObject) (api.GetCurrentTrackResponseObject, error) {
	if s.CurrentFunc == nil {
		return api.GetCurrentTrack200JSONResponse(track), nil
	}
	return s.CurrentFunc(ctx)
}

func (s stub) StreamTracks(ctx context.Context, _ api.StreamTracksRequestObject) (api.StreamTracksResponseObject, error) {
	if s.StreamFunc == nil {
		return api.StreamTracks200TexteventStreamResponse{Body: strings.NewReader("event: track\ndata: null\n\n")}, nil
	}
	body, err := s.StreamFunc(ctx)
	return api.StreamTracks200TexteventStreamResponse{Body: body}, err
}

func (s stub) GetReport(ctx context.Context, r api.GetReportRequestObject) (api.GetReportResponseObject, error) {
	if s.ReportFunc == nil {
		return api.GetReport200TextcsvResponse{ReportTextcsvResponse: api.ReportTextcsvResponse{Body: strings.NewReader("track_start\n")}}, nil
	}
	body, err := s.ReportFunc(ctx)
	return api.GetReport200TextcsvResponse{ReportTextcsvResponse: api.ReportTextcsvResponse{Body: body}}, err
}

func (s stub) GetReportOfDays(context.Context, api.GetReportOfDaysRequestObject) (api.GetReportOfDaysResponseObject, error) {
	return api.GetReportOfDays200TextcsvResponse{ReportTextcsvResponse: api.ReportTextcsvResponse{Body: strings.NewReader("track_start\n")}}, nil
}

func (s stub) ListHoles(context.Context, api.ListHolesRequestObject) (api.ListHolesResponseObject, error) {
	return api.ListHoles200TextcsvResponse{HolesTextcsvResponse: api.HolesTextcsvResponse{Body: strings.NewReader("from\n")}}, nil
}

func (s stub) ListHolesOfDays(context.Context, api.ListHolesOfDaysRequestObject) (api.ListHolesOfDaysResponseObject, error) {
	return api.ListHolesOfDays200TextcsvResponse{HolesTextcsvResponse: api.HolesTextcsvResponse{Body: strings.NewReader("from\n")}}, nil
}

func (s stub) ListTracks(ctx context.Context, r api.ListTracksRequestObject) (api.ListTracksResponseObject, error) {
	if s.TracksFunc != nil {
		if err := s.TracksFunc(ctx, r.Params); err != nil {
			return nil, err
		}
	}
	return api.ListTracks200JSONResponse{TracksJSONResponse: api.TracksJSONResponse{Body: []api.Track{track}}}, nil
}

func (stub) ListTracks1x(context.Context, api.ListTracks1xRequestObject) (api.ListTracks1xResponseObject, error) {
	return api.ListTracks1x200JSONResponse{Body: []api.Track1x{{Id: 1, TrackStart: noon, LogSource: 1}}}, nil
}

func (stub) GetCurrentTrack1x(context.Context, api.GetCurrentTrack1xRequestObject) (api.GetCurrentTrack1xResponseObject, error) {
	return api.GetCurrentTrack1x200JSONResponse{Id: 1, TrackStart: noon, LogSource: 1}, nil
}

func (stub) ListTracksOfDay(context.Context, api.ListTracksOfDayRequestObject) (api.ListTracksOfDayResponseObject, error) {
	return api.ListTracksOfDay200JSONResponse{TracksJSONResponse: api.TracksJSONResponse{Body: []api.Track{}}}, nil
}

func (stub) ListChapters(context.Context, api.ListChaptersRequestObject) (api.ListChaptersResponseObject, error) {
	return api.ListChapters200TextvttResponse{Body: strings.NewReader("WEBVTT\n")}, nil
}

func (stub) GetTrack(context.Context, api.GetTrackRequestObject) (api.GetTrackResponseObject, error) {
	return api.GetTrack200JSONResponse(track), nil
}

func (stub) GetClock(context.Context, api.GetClockRequestObject) (api.GetClockResponseObject, error) {
	return api.GetClock200JSONResponse{Doubts: []api.Doubt{}, PlannedTracks: []api.PlannedTrack{}, NextShows: []*api.ClockShow{}, ServerTime: noon, TimeZone: "Europe/Vienna"}, nil
}

func (stub) EmptyClock(context.Context, api.EmptyClockRequestObject) (api.EmptyClockResponseObject, error) {
	return api.EmptyClock204Response{}, nil
}

func (stub) StoreClockByPost(context.Context, api.StoreClockByPostRequestObject) (api.StoreClockByPostResponseObject, error) {
	return api.StoreClockByPost204Response{}, nil
}

func (stub) StoreClock(context.Context, api.StoreClockRequestObject) (api.StoreClockResponseObject, error) {
	return api.StoreClock204Response{}, nil
}

func (stub) ListPlaylog(context.Context, api.ListPlaylogRequestObject) (api.ListPlaylogResponseObject, error) {
	return api.ListPlaylog200JSONResponse{Body: []api.PlaylogEntry{}}, nil
}

func (stub) LogMissedEntry(context.Context, api.LogMissedEntryRequestObject) (api.LogMissedEntryResponseObject, error) {
	return api.LogMissedEntry201JSONResponse{CorrectionJSONResponse: fixed}, nil
}

func (stub) GetPlaylogEntry(context.Context, api.GetPlaylogEntryRequestObject) (api.GetPlaylogEntryResponseObject, error) {
	return api.GetPlaylogEntry200JSONResponse{Id: 1, Fingerprint: strings.Repeat("0", 32), TrackStart: noon, Doubts: []api.Doubt{}}, nil
}

func (stub) ListCorrections(context.Context, api.ListCorrectionsRequestObject) (api.ListCorrectionsResponseObject, error) {
	return api.ListCorrections200JSONResponse{fixed.Body}, nil
}

func (stub) CorrectEntry(context.Context, api.CorrectEntryRequestObject) (api.CorrectEntryResponseObject, error) {
	return api.CorrectEntry201JSONResponse{CorrectionJSONResponse: fixed}, nil
}

func (stub) GetActiveSource(context.Context, api.GetActiveSourceRequestObject) (api.GetActiveSourceResponseObject, error) {
	return api.GetActiveSource200JSONResponse{Body: api.ActiveSource{ActiveSource: 1}}, nil
}

func (stub) ActivateSourceByPost(context.Context, api.ActivateSourceByPostRequestObject) (api.ActivateSourceByPostResponseObject, error) {
	return api.ActivateSourceByPost204Response{}, nil
}

func (stub) ActivateSource(context.Context, api.ActivateSourceRequestObject) (api.ActivateSourceResponseObject, error) {
	return api.ActivateSource204Response{}, nil
}

func (stub) GetHealth(context.Context, api.GetHealthRequestObject) (api.GetHealthResponseObject, error) {
	return api.GetHealth200JSONResponse{Source: 1, LogTime: noon, LastSaidAt: noon, IsHealthy: true, Doubts: []api.Doubt{}}, nil
}

func (stub) GetLife(context.Context, api.GetLifeRequestObject) (api.GetLifeResponseObject, error) {
	return api.GetLife200JSONResponse{Source: 1, Start: "first", Reports: api.Words{Count: 2, SecondsAgo: new(3.5)}}, nil
}

func (stub) StoreHealthByPost(context.Context, api.StoreHealthByPostRequestObject) (api.StoreHealthByPostResponseObject, error) {
	return api.StoreHealthByPost204Response{}, nil
}

func (stub) StoreHealth(context.Context, api.StoreHealthRequestObject) (api.StoreHealthResponseObject, error) {
	return api.StoreHealth204Response{}, nil
}

func (stub) ListSyncActivations(context.Context, api.ListSyncActivationsRequestObject) (api.ListSyncActivationsResponseObject, error) {
	return api.ListSyncActivations200JSONResponse{{Epoch: 1, Source: 2, From: noon, RecordedAt: noon}}, nil
}

func (stub) ListSyncRules(context.Context, api.ListSyncRulesRequestObject) (api.ListSyncRulesResponseObject, error) {
	return api.ListSyncRules200JSONResponse{{From: noon, Version: 2, FallbackShows: []string{}}}, nil
}

func (stub) ListSyncPurges(context.Context, api.ListSyncPurgesRequestObject) (api.ListSyncPurgesResponseObject, error) {
	return api.ListSyncPurges200JSONResponse{{Before: noon, At: noon, By: "M. Tester", Reason: "old", Gone: []record.Gone{{Source: 1, Month: "2020-05", Entries: 1}}}}, nil
}

func (stub) ListActivations(context.Context, api.ListActivationsRequestObject) (api.ListActivationsResponseObject, error) {
	return api.ListActivations200JSONResponse{}, nil
}

func (stub) GetLease(context.Context, api.GetLeaseRequestObject) (api.GetLeaseResponseObject, error) {
	return api.GetLease200JSONResponse{}, nil
}

func (stub) AcquireLease(_ context.Context, r api.AcquireLeaseRequestObject) (api.AcquireLeaseResponseObject, error) {
	return api.AcquireLease200JSONResponse{LeaseJSONResponse: api.LeaseJSONResponse{Holder: r.Body.Holder, Epoch: 1, Seconds: r.Body.Seconds}}, nil
}

func (stub) ReleaseLease(context.Context, api.ReleaseLeaseRequestObject) (api.ReleaseLeaseResponseObject, error) {
	return api.ReleaseLease204Response{}, nil
}

func (stub) ListMaintenance(context.Context, api.ListMaintenanceRequestObject) (api.ListMaintenanceResponseObject, error) {
	return api.ListMaintenance200JSONResponse{{Source: 1, On: true, By: "M. Tester", ChangedAt: noon}}, nil
}

func (stub) SetMaintenance(context.Context, api.SetMaintenanceRequestObject) (api.SetMaintenanceResponseObject, error) {
	return api.SetMaintenance204Response{}, nil
}

func (stub) SetMaintenanceByPost(context.Context, api.SetMaintenanceByPostRequestObject) (api.SetMaintenanceByPostResponseObject, error) {
	return api.SetMaintenanceByPost204Response{}, nil
}

func (stub) GetMonitorStatus(context.Context, api.GetMonitorStatusRequestObject) (api.GetMonitorStatusResponseObject, error) {
	return api.GetMonitorStatus200JSONResponse{
		Now: noon, Sources: []api.MonitorSource{{Number: 1, State: api.SourceUp, Since: noon, Signs: api.SignsHeartbeats}},
		Waiting: []api.MonitorWaiting{}, Strangers: api.MonitorStrangers{Recent: []api.MonitorStranger{}},
	}, nil
}

func (stub) GetSyncState(context.Context, api.GetSyncStateRequestObject) (api.GetSyncStateResponseObject, error) {
	return api.GetSyncState200JSONResponse{Now: noon}, nil
}

func (stub) ListDigests(context.Context, api.ListDigestsRequestObject) (api.ListDigestsResponseObject, error) {
	return api.ListDigests200JSONResponse{{From: noon, Count: 1, Sum: strings.Repeat("0", 32)}}, nil
}

func (stub) ListSyncRecords(context.Context, api.ListSyncRecordsRequestObject) (api.ListSyncRecordsResponseObject, error) {
	return api.ListSyncRecords200JSONResponse{}, nil
}

func (s stub) StoreSyncRecords(_ context.Context, r api.StoreSyncRecordsRequestObject) (api.StoreSyncRecordsResponseObject, error) {
	if s.BatchFunc != nil {
		s.BatchFunc(*r.Body)
	}
	results := func(n int) []api.SyncResult { return make([]api.SyncResult, n) }
	return api.StoreSyncRecords200JSONResponse{
		Records: results(len(r.Body.Records)), Healths: results(len(r.Body.Healths)), Clocks: results(len(r.Body.Clocks)),
	}, nil
}

func (stub) RunReconcile(context.Context, api.RunReconcileRequestObject) (api.RunReconcileResponseObject, error) {
	return api.RunReconcile202Response{}, nil
}

var known = api.Title{TitleId: "230fcac19728ece1", TrackArtist: "Mazzie Star", TrackTitle: "Fade Into You", Plays: 1, FirstPlayed: noon, LastPlayed: noon}

func (stub) ListTitles(context.Context, api.ListTitlesRequestObject) (api.ListTitlesResponseObject, error) {
	return api.ListTitles200JSONResponse{known}, nil
}

func (stub) ListTopTitles(context.Context, api.ListTopTitlesRequestObject) (api.ListTopTitlesResponseObject, error) {
	return api.ListTopTitles200JSONResponse{{TitleId: known.TitleId, Plays: 1, FirstPlayed: noon, LastPlayed: noon, PlaysInPeriod: 1, IsNew: true}}, nil
}

func (stub) GetTitle(context.Context, api.GetTitleRequestObject) (api.GetTitleResponseObject, error) {
	return api.GetTitle200JSONResponse{Body: api.TitlePlays{TitleId: known.TitleId, Plays: 1, FirstPlayed: noon, LastPlayed: noon, Tracks: []api.Track{track}}}, nil
}
