package httpserver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/gin-gonic/gin"
)

// verify compares each answer of an operation with the contract and reports
// differences. It is for tests: it holds a copy of every JSON body.
func (s *Server) verify(c *gin.Context) {
	r := callOf(c).route
	if s.onMismatch == nil || r.contract == nil {
		c.Next()
		return
	}
	w := &copyWriter{ResponseWriter: c.Writer}
	c.Writer = w
	c.Next()
	query := c.Request.URL.Query()
	err := openapi3filter.ValidateResponse(context.WithoutCancel(c.Request.Context()), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: inputOf(c, r, query),
		Status:                 w.Status(),
		Header:                 w.Header(),
		Body:                   io.NopCloser(&w.body),
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true,
			MultiError:            true,
			ExcludeResponseBody:   !w.isJSON(),
		},
	})
	if !w.isJSON() && err == nil {
		err = knownType(r.contract.Operation, w.Status(), w.Header().Get("Content-Type"))
	}
	if err != nil {
		s.onMismatch(r.contract.Operation.OperationID, err)
	}
}

// knownType checks the type of an answer whose body is not checked.
func knownType(op *openapi3.Operation, status int, mime string) error {
	response := op.Responses.Status(status)
	if response == nil || response.Value.Content.Get(mime) == nil {
		return fmt.Errorf("answer %d of type %q is not in the contract", status, mime)
	}
	return nil
}

// copyWriter keeps what is written if it is JSON; streams pass without being
// held.
type copyWriter struct {
	gin.ResponseWriter
	body bytes.Buffer
}

// isJSON is also true of an answer without a type, so that no body is missed.
func (w *copyWriter) isJSON() bool {
	mime := w.Header().Get("Content-Type")
	return strings.Contains(mime, "json") || mime == ""
}

func (w *copyWriter) Write(p []byte) (int, error) {
	if w.isJSON() {
		w.body.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

func (w *copyWriter) WriteString(p string) (int, error) { return w.Write([]byte(p)) }

// Unwrap is for http.ResponseController.
func (w *copyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
