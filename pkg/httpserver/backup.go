package httpserver

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
)

// sendBackup sends a copy of the database. An answer that breaks off has not as
// many bytes as it said, so nobody takes a part for the whole.
func (s *Server) sendBackup(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	file, err := s.backup(c.Request.Context())
	if err != nil {
		fail(c, fmt.Errorf("%w: %w", &statusError{http.StatusServiceUnavailable, "The database can't be copied: " + err.Error()}, err))
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		fail(c, err)
		return
	}
	c.Header("Content-Type", "application/vnd.sqlite3")
	c.Header("Content-Length", strconv.FormatInt(info.Size(), 10))
	c.Status(http.StatusOK)
	if _, err := io.Copy(c.Writer, file); err != nil {
		s.log.Warn().Err(err).Msg("a backup broke off")
		panic(http.ErrAbortHandler)
	}
}
