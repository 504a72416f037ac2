package handler

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/report"
	"github.com/gin-gonic/gin"
)

// GetReport streams the report of a month, quarter, week or year.
func (a *API) GetReport(ctx context.Context, r api.GetReportRequestObject) (api.GetReportResponseObject, error) {
	period, err := a.period(r.Period)
	if err != nil {
		return nil, err
	}
	return a.reportOf(ctx, period, r.Params)
}

// GetReportOfDays streams the report of some days.
func (a *API) GetReportOfDays(ctx context.Context, r api.GetReportOfDaysRequestObject) (api.GetReportOfDaysResponseObject, error) {
	period, err := report.NewDays(a.Zone, r.Params.From, r.Params.To)
	if err != nil {
		return nil, err
	}
	return a.reportOf(ctx, period, api.GetReportParams{Format: r.Params.Format, Part: r.Params.Part, Formulas: r.Params.Formulas})
}

// ListHoles streams the holes of a month, quarter, week or year.
func (a *API) ListHoles(ctx context.Context, r api.ListHolesRequestObject) (api.ListHolesResponseObject, error) {
	period, err := a.period(r.Period)
	if err != nil {
		return nil, err
	}
	return a.holesOf(ctx, period, r.Params)
}

// ListHolesOfDays streams the holes of some days.
func (a *API) ListHolesOfDays(ctx context.Context, r api.ListHolesOfDaysRequestObject) (api.ListHolesOfDaysResponseObject, error) {
	period, err := report.NewDays(a.Zone, r.Params.From, r.Params.To)
	if err != nil {
		return nil, err
	}
	return a.holesOf(ctx, period, api.ListHolesParams{Format: r.Params.Format, Formulas: r.Params.Formulas})
}

func (a *API) period(name string) (report.Period, error) {
	period, err := report.NewPeriod(a.Zone, name)
	if err != nil {
		return period, model.Invalid("period", name, err.Error())
	}
	return period, nil
}

// report is a report of a period, ready to be written. Error: *model.PurgedError if all
// its plays are gone.
func (a *API) report(ctx context.Context, period report.Period, formulas *api.Formulas) (report.Report, error) {
	now := a.Now()
	purges, err := a.purges(ctx, period)
	if err != nil {
		return report.Report{}, err
	}
	around, err := period.Around(ctx, a.OnAir)
	if err != nil {
		return report.Report{}, err
	}
	rules, err := a.Rules.Rules(ctx)
	return report.Report{
		Period: period, Plays: a.Plays(around, now), HoleAfter: a.HoleAfter, Made: now, Station: a.Station,
		Purges:        purges,
		RuleVersions:  onair.Versions(rules, onair.Window{From: period.From, To: period.To}),
		GuardFormulas: valueOr(formulas, api.Exact) == api.Guard,
	}, err
}

// purges are those by which plays of a period are gone, with times in the station's
// zone. Error: *model.PurgedError if all of them are.
func (a *API) purges(ctx context.Context, period report.Period) (model.Purges, error) {
	all, err := a.Purges.Purges(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p model.Purge) bool { return !p.Before.After(period.From) })
	for i := range all {
		all[i].Before, all[i].At = a.Zone.In(all[i].Before), a.Zone.In(all[i].At)
	}
	// The sync node, which is 0, reports of every source.
	if p := all.Covering(a.HostID, period.To.Add(-time.Microsecond)); p != nil {
		return nil, &model.PurgedError{Purge: *p}
	}
	return all, nil
}

func (a *API) reportOf(ctx context.Context, period report.Period, p api.GetReportParams) (reportAnswer, error) {
	r, err := a.report(ctx, period, p.Formulas)
	if err != nil {
		return nil, err
	}
	name, part := "aura-report-"+period.Name, valueOr(p.Part, api.Plays)
	return a.streamed(ctx, period, func(w http.ResponseWriter) error {
		switch valueOr(p.Format, api.ReportFormatJson) {
		case api.ReportFormatCsv:
			if part != api.Plays {
				name += "-" + string(part)
			}
			file{"text/csv; charset=utf-8", "attachment", name + ".csv"}.describe(w)
			return report.WriteCSV(ctx, w, r, report.Part(part))
		case api.ReportFormatXlsx:
			file{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "attachment", name + ".xlsx"}.describe(w)
			return report.WriteXLSX(ctx, w, r)
		default:
			file{"application/json", "inline", name + ".json"}.describe(w)
			return report.WriteJSON(ctx, w, r)
		}
	}), nil
}

func (a *API) holesOf(ctx context.Context, period report.Period, p api.ListHolesParams) (reportAnswer, error) {
	r, err := a.report(ctx, period, p.Formulas)
	if err != nil {
		return nil, err
	}
	name := "aura-holes-" + period.Name
	return a.streamed(ctx, period, func(w http.ResponseWriter) error {
		if valueOr(p.Format, api.HolesFormatJson) == api.HolesFormatCsv {
			file{"text/csv; charset=utf-8", "attachment", name + ".csv"}.describe(w)
			return report.WriteCSV(ctx, w, r, report.PartHoles)
		}
		file{"application/json", "inline", name + ".json"}.describe(w)
		return report.WriteHolesJSON(ctx, w, r)
	}), nil
}

// file is what the headers say about a report.
type file struct{ mime, disposition, name string }

func (f file) describe(w http.ResponseWriter) {
	w.Header().Set("Content-Type", f.mime)
	w.Header().Set("Content-Disposition", fmt.Sprintf("%s; filename=%q", f.disposition, f.name))
	w.Header().Set("Cache-Control", "no-store")
}

// streamed is an answer that is read while it is written, when it is its turn. A
// failure before the first byte is returned; a later one cuts the connection,
// because nobody may mistake a part of a report for the whole.
func (a *API) streamed(ctx context.Context, period report.Period, write func(w http.ResponseWriter) error) reportAnswer {
	return func(w http.ResponseWriter) error {
		done, err := a.Reports.Take(ctx)
		if err != nil {
			return err
		}
		defer done()
		err = write(w)
		if err == nil || !w.(gin.ResponseWriter).Written() {
			return err
		}
		if ctx.Err() == nil {
			a.Log.Error().Err(err).Str("period", period.Name).Msg("report failed; the connection is closed")
		}
		panic(http.ErrAbortHandler)
	}
}

// reportAnswer is the answer of each operation that streams a report.
type reportAnswer func(w http.ResponseWriter) error

// VisitGetReportResponse writes the report.
func (write reportAnswer) VisitGetReportResponse(w http.ResponseWriter) error { return write(w) }

// VisitGetReportOfDaysResponse writes the report.
func (write reportAnswer) VisitGetReportOfDaysResponse(w http.ResponseWriter) error { return write(w) }

// VisitListHolesResponse writes the holes.
func (write reportAnswer) VisitListHolesResponse(w http.ResponseWriter) error { return write(w) }

// VisitListHolesOfDaysResponse writes the holes.
func (write reportAnswer) VisitListHolesOfDaysResponse(w http.ResponseWriter) error { return write(w) }
