package handler

import (
	"context"
	"fmt"
	"net/http"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/report"
	"github.com/gin-gonic/gin"
)

// GetReport streams the report of a month.
func (a *API) GetReport(ctx context.Context, r api.GetReportRequestObject) (api.GetReportResponseObject, error) {
	month, err := report.NewMonth(a.Zone, r.YearMonth)
	if err != nil {
		return nil, model.Invalid("year_month", r.YearMonth, err.Error())
	}
	month.Station, month.Made = a.Station, a.Now()
	plays := a.Plays(month, month.Made)
	format, part := valueOr(r.Params.Format, api.Json), valueOr(r.Params.Part, api.Plays)
	return reportAnswer(func(w http.ResponseWriter) error {
		err := writeReport(ctx, w, month, plays, format, part)
		if err == nil || !w.(gin.ResponseWriter).Written() {
			return err
		}
		// Nobody may mistake a part of a report for the whole.
		if ctx.Err() == nil {
			a.Log.Error().Err(err).Str("month", month.Name).Msg("report failed; the connection is closed")
		}
		panic(http.ErrAbortHandler)
	}), nil
}

// reportAnswer writes a report while reading it.
type reportAnswer func(w http.ResponseWriter) error

// VisitGetReportResponse returns a failure before the first byte, and cuts the
// connection after it.
func (write reportAnswer) VisitGetReportResponse(w http.ResponseWriter) error { return write(w) }

func writeReport(ctx context.Context, w http.ResponseWriter, month report.Month, plays report.Plays,
	format api.GetReportParamsFormat, part api.GetReportParamsPart,
) error {
	header := func(mime, disposition, extension string) {
		w.Header().Set("Content-Type", mime)
		w.Header().Set("Content-Disposition", fmt.Sprintf("%s; filename=%q", disposition, "aura-report-"+month.Name+extension))
		w.Header().Set("Cache-Control", "no-store")
	}
	switch format {
	case api.Csv:
		extension := ".csv"
		if part != api.Plays {
			extension = "-" + string(part) + ".csv"
		}
		header("text/csv; charset=utf-8", "attachment", extension)
		return report.WriteCSV(ctx, w, month, report.Part(part), plays)
	case api.Xlsx:
		header("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "attachment", ".xlsx")
		return report.WriteXLSX(ctx, w, month, plays)
	default:
		header("application/json", "inline", ".json")
		return report.WriteJSON(ctx, w, month, plays)
	}
}
