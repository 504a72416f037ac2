package httpserver

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
)

// route is what the middleware needs to know about a method and a path. The
// zero route is not served: a handler that is registered without saying who may
// call it does not exist.
type route struct {
	served bool
	public bool
	roles  []Role // who may call it if it is not public
	// anyOrigin: scripts of every website may read it.
	anyOrigin bool
	// costly: its answer takes work that grows with what is asked for, so visitors
	// have few places for it.
	costly bool
	// contract is nil if the route is not an operation of the OpenAPI document.
	contract *routers.Route
	// maxBody is how long its body may be, in bytes.
	maxBody int64
	// batches are those members of its body that are lists of objects which the
	// handler judges one by one.
	batches []string
	// lenient: its body is read as far as its meaning is certain, and the
	// handler judges the members of those names, and others.
	lenient bool
	members map[string]bool
	// lists: its body may also be a list.
	lists bool
	// streams: the answer is written piece by piece and may take long.
	streams bool
	// events: the answer is a stream without an end of its own; a stop ends it.
	events bool
	// page: people look at it in a browser, also at what goes wrong.
	page bool
}

// routeKey is a method and a path as gin writes it.
type routeKey struct{ method, path string }

// Access says who may call a route outside the contract.
type Access struct {
	roles   []Role
	streams bool
	events  bool
	page    bool
}

// Streaming lets the answer take long, as it is written piece by piece.
func (a Access) Streaming() Access {
	a.streams = true
	return a
}

// Events is for a stream of server-sent events, which has no end of its own. It ends
// when the server stops, and soon after the caller's session or token has ended.
func (a Access) Events() Access {
	a.streams, a.events = true, true
	return a
}

// Page is for what people look at in a browser. Problems are shown as a page, too,
// and reading one that is public counts as costly.
func (a Access) Page() Access {
	a.page = true
	return a
}

// Public is open to everybody.
var Public = Access{}

// Only lets in the host itself and callers with one of the roles.
func Only(roles ...Role) Access { return Access{roles: roles} }

// Handle serves a route outside the contract, such as a page.
func (s *Server) Handle(method, path string, who Access, h gin.HandlerFunc) {
	s.add(method, path, route{
		served: true, public: len(who.roles) == 0, roles: who.roles, streams: who.streams, events: who.events, maxBody: maxBody,
		page: who.page, costly: who.page && len(who.roles) == 0 && isRead(method),
	})
	s.engine.Handle(method, path, h)
}

// Register serves those operations of the contract that belong to this service.
// Operations of other services are not routed: their handlers are never called.
func (s *Server) Register(ssi api.StrictServerInterface) {
	handler := api.NewStrictHandlerWithOptions(ssi, []api.StrictMiddlewareFunc{detach}, api.StrictGinServerOptions{
		RequestErrorHandlerFunc:  func(c *gin.Context, err error) { fail(c, unreadable(err)) },
		HandlerErrorFunc:         fail,
		ResponseErrorHandlerFunc: fail,
	})
	all := gin.New()
	api.RegisterHandlersWithOptions(all, handler, api.GinServerOptions{
		ErrorHandler: func(c *gin.Context, err error, _ int) { fail(c, unreadable(err)) },
	})
	for _, r := range all.Routes() {
		for _, path := range s.places[routeKey{r.Method, r.Path}] {
			s.engine.Handle(r.Method, path, r.HandlerFunc)
		}
	}
}

// detach gives handlers a context of their own, because gin reuses its
// contexts. Code that outlives its request, such as a query that is being
// cancelled, would otherwise see another request's context.
func detach(f api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	return func(c *gin.Context, request any) (any, error) { return f(c.Copy(), request) }
}

// add declares a route. For a public read it also declares the preflight, by
// which browsers ask whether another website's script may make the request.
func (s *Server) add(method, path string, r route) {
	s.routes[routeKey{method, path}] = r
	if method == http.MethodGet && r.public {
		s.routes[routeKey{http.MethodOptions, path}] = route{served: true, public: true}
		s.engine.OPTIONS(path, preflight)
	}
}

// documentPath is where the contract is served; its servers are relative to
// that.
const documentPath = "/api/v1/openapi.json"

// declare reads the operations of the document that the service serves. They are
// below each of the document's servers. A path that has servers of its own is
// only there, and takes precedence.
func (s *Server) declare(doc *openapi3.T, service string) error {
	bases, err := basesOf(doc.Servers)
	if err != nil {
		return err
	}
	s.base = bases[0]
	paths := doc.Paths.InMatchingOrder()
	own := func(path string) openapi3.Servers { return doc.Paths.Value(path).Servers }
	slices.SortStableFunc(paths, func(a, b string) int { return len(own(b)) - len(own(a)) })
	for _, path := range paths {
		below := bases
		if servers := own(path); len(servers) > 0 {
			if below, err = basesOf(servers); err != nil {
				return err
			}
		}
		if err := s.declarePath(doc, service, path, below); err != nil {
			return err
		}
	}
	return nil
}

// declarePath declares the operations of a path below each of the bases.
func (s *Server) declarePath(doc *openapi3.T, service, path string, bases []string) error {
	item := doc.Paths.Value(path)
	for method, op := range item.Operations() {
		if servedBy := words(op.Extensions["x-served-by"]); service != "" && !slices.Contains(servedBy, service) {
			continue
		}
		r, err := routeOf(op)
		if err != nil {
			return err
		}
		checked := *op
		checked.Security = openapi3.NewSecurityRequirements() // access is checked already, and for its sake the validator would read the body
		r.contract = &routers.Route{Spec: doc, Server: doc.Servers[0], Path: path, PathItem: item, Method: method, Operation: &checked}
		operation := routeKey{method, ginPath(path)}
		for _, base := range bases {
			place := base + ginPath(path)
			if s.routes[routeKey{method, place}].served {
				continue
			}
			s.add(method, place, r)
			s.plain.add(op, place)
			s.places[operation] = append(s.places[operation], place)
		}
	}
	return nil
}

// routeOf is what an operation says of its route.
func routeOf(op *openapi3.Operation) (route, error) {
	r := route{served: true, public: op.Security != nil && len(*op.Security) == 0}
	r.streams, r.events = streaming(op)
	r.costly, _ = op.Extensions["x-costly"].(bool)
	r.anyOrigin, _ = op.Extensions["x-any-origin"].(bool)
	r.maxBody, r.batches = maxBody, batches(op)
	if limit, ok := op.Extensions["x-max-body"].(float64); ok {
		r.maxBody = int64(limit)
	}
	if r.lenient, _ = op.Extensions["x-lenient"].(bool); r.lenient {
		r.members, r.lists = membersOf(op)
	}
	for _, role := range words(op.Extensions["x-roles"]) {
		if !slices.Contains(roles, Role(role)) {
			return r, fmt.Errorf("operation %s has an unknown role %s", op.OperationID, role)
		}
		r.roles = append(r.roles, Role(role))
	}
	if r.anyOrigin && !r.public {
		return r, fmt.Errorf("operation %s is not public and has x-any-origin", op.OperationID)
	}
	if !r.public && len(r.roles) == 0 {
		return r, fmt.Errorf("operation %s is not public and has no x-roles", op.OperationID)
	}
	return r, nil
}

// basesOf are the paths of servers.
func basesOf(servers openapi3.Servers) (bases []string, _ error) {
	if len(servers) == 0 {
		return nil, errors.New("the contract must name a server")
	}
	for _, server := range servers {
		at, err := url.Parse(server.URL)
		if err != nil {
			return nil, fmt.Errorf("read the contract's servers: %w", err)
		}
		base := (&url.URL{Path: documentPath}).ResolveReference(at).Path
		bases = append(bases, strings.TrimSuffix(base, "/")) // paths begin with a slash
	}
	return bases, nil
}

// ginPath writes /playlog/{id} as /playlog/:id.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// streaming: an answer that is not plain JSON is written piece by piece.
func streaming(op *openapi3.Operation) (streams, events bool) {
	ok := op.Responses.Status(http.StatusOK)
	if ok == nil {
		return false, false
	}
	for mime := range ok.Value.Content {
		streams = streams || mime != "application/json"
		events = events || mime == "text/event-stream"
	}
	return streams, events
}

// words is an extension that is a list of words.
func words(extension any) []string {
	list, _ := extension.([]any)
	var out []string
	for _, w := range list {
		out = append(out, fmt.Sprint(w))
	}
	return out
}

// PublicReads lists the paths that everybody may read, as they are registered.
func (s *Server) PublicReads() []string {
	var paths []string
	for key, r := range s.routes {
		if key.method == http.MethodGet && r.public {
			paths = append(paths, key.path)
		}
	}
	slices.Sort(paths)
	return paths
}
