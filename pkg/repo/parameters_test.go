package repo_test

import (
	"strings"
	"testing"

	"aura.radio/engine/pkg/repo"
)

func TestCheckParameters(t *testing.T) {
	t.Parallel()
	const mysql = "mysql://aura:secret@localhost/aura"
	for _, test := range []struct{ url, want string }{
		{"sqlite:///a.db", ""},
		{mysql, ""},
		{mysql + "?tls=true&timeout=1s&parseTime=true&charset=utf8mb4", ""},
		{mysql + "?timout=1s", "AURA_DATABASE_URL: has the unknown parameter timout; did you mean timeout?"},
		{mysql + "?TLS=true", "has the unknown parameter TLS; known are"},
		{mysql + "?useSSL=true&tls=true", "has the unknown parameter useSSL; known are allowAllFiles, "},
		{mysql + "?tls=true&sslmode=hush&autoReconnect=hush", "has the unknown parameter autoReconnect"},
		{mysql + "?sec.ret@localhost/aura", "has something after ? that is no parameter"},
	} {
		err := repo.CheckParameters(repo.Config{URL: test.url})
		if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.url, err, test.want)
		}
		if err != nil && (strings.Contains(err.Error(), "sec") || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%s: a secret shows: %v", test.url, err)
		}
	}
}
