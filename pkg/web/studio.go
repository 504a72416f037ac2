package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/report"
)

// Studio is what a service gives the pages for the people of the station. Without
// Operations there are none.
type Studio struct {
	Operations StudioOperations
	// SignIn lets a browser act as the token with a secret, until SignOut;
	// *httpserver.Server has both.
	SignIn  func(c *gin.Context, secret string) error
	SignOut func(c *gin.Context) error
	// Maintenance is nil if it is not decided here.
	Maintenance Maintenance
	// Report is the overview of the report of a period.
	Report func(ctx context.Context, period report.Period) (*report.Overview, error)
	// Sources are those that the service knows, with what people call them.
	Sources  map[int]string
	Monitors []Monitor
}

// StudioOperations are those of the contract that the people of the station use;
// api.StrictServerInterface has them.
type StudioOperations interface {
	GetSyncState(ctx context.Context, r api.GetSyncStateRequestObject) (api.GetSyncStateResponseObject, error)
	GetActiveSource(ctx context.Context, r api.GetActiveSourceRequestObject) (api.GetActiveSourceResponseObject, error)
	ActivateSource(ctx context.Context, r api.ActivateSourceRequestObject) (api.ActivateSourceResponseObject, error)
	ListActivations(ctx context.Context, r api.ListActivationsRequestObject) (api.ListActivationsResponseObject, error)
	GetHealth(ctx context.Context, r api.GetHealthRequestObject) (api.GetHealthResponseObject, error)
	ListPlaylog(ctx context.Context, r api.ListPlaylogRequestObject) (api.ListPlaylogResponseObject, error)
	GetPlaylogEntry(ctx context.Context, r api.GetPlaylogEntryRequestObject) (api.GetPlaylogEntryResponseObject, error)
	ListCorrections(ctx context.Context, r api.ListCorrectionsRequestObject) (api.ListCorrectionsResponseObject, error)
	CorrectEntry(ctx context.Context, r api.CorrectEntryRequestObject) (api.CorrectEntryResponseObject, error)
	LogMissedEntry(ctx context.Context, r api.LogMissedEntryRequestObject) (api.LogMissedEntryResponseObject, error)
	ListHolesOfDays(ctx context.Context, r api.ListHolesOfDaysRequestObject) (api.ListHolesOfDaysResponseObject, error)
}

// Maintenance are the operations of the contract by which people say that they work
// on a source.
type Maintenance interface {
	ListMaintenance(ctx context.Context, r api.ListMaintenanceRequestObject) (api.ListMaintenanceResponseObject, error)
	SetMaintenance(ctx context.Context, r api.SetMaintenanceRequestObject) (api.SetMaintenanceResponseObject, error)
}

// Monitor is a status monitor whose view the status page shows.
type Monitor struct {
	URL string
	Ask func(ctx context.Context) (api.MonitorStatus, error)
}

// mountStudio serves what only people of the station see, and the way to it.
func (s *Site) mountStudio(server Server) {
	public := httpserver.Public.Page()
	staff := httpserver.Only(httpserver.RoleMonitor, httpserver.RoleAdmin).Page()
	admins := httpserver.Only(httpserver.RoleAdmin).Page()
	server.Handle(http.MethodGet, "/signin", public, s.page(s.askForToken))
	server.Handle(http.MethodPost, "/signin", public, s.signIn)
	server.Handle(http.MethodPost, "/signout", public, s.signOut)
	server.Handle(http.MethodGet, statusPath, staff, s.page(s.status))
	server.Handle(http.MethodGet, statusPath+"/stream", httpserver.Only(httpserver.RoleMonitor, httpserver.RoleAdmin).Events(), s.live.serve)
	// The report of many years takes longer than other pages.
	server.Handle(http.MethodGet, "/reports", staff.Streaming(), s.page(s.reports))
	s.mountCorrecting(server, admins)
	forms := map[string]func(*gin.Context) error{"/status/activate": s.activate}
	if s.Studio.Maintenance != nil {
		forms["/status/maintain"] = s.maintain
	}
	for at, do := range forms {
		server.Handle(http.MethodPost, at, admins, s.act(do))
		server.Handle(http.MethodGet, at, staff, func(c *gin.Context) { lead(c, "/status") }) // a page that showed why not is opened again
	}
}
