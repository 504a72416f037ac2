package httpserver

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"
)

// panicError is a handler's panic. The log gets the stack, clients never do.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// recovery turns a panic into an ordinary failure of that one request.
func recovery(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(v) // the handler asks to cut the connection
		}
		fail(c, &panicError{v, debug.Stack()})
	}()
	c.Next()
}
