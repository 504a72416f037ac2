package setup

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"aura.radio/engine/pkg/checkup"
	"aura.radio/engine/pkg/stationtime"
)

// Flags of questions that several services ask.
const (
	FlagJoin     = "join"
	FlagZone     = "zone"
	FlagListen   = "listen"
	FlagDatabase = "database"
	FlagBeats    = "heartbeat-listen"
)

// Zone asks for the station's time zone. The host's own is the default.
func Zone(now map[string]string, needless func(Answers) bool) Question {
	zone := now["AURA_STATION_TIMEZONE"]
	if own, err := stationtime.Host(); zone == "" && err == nil && checkZone(own.Name()) == nil {
		zone = own.Name()
	}
	return Question{
		Flag: FlagZone, Help: "time zone of the station, such as Europe/Vienna; default: as before, otherwise this host's", Ask: "Time zone of the station",
		Default: Always(zone), Required: true, Needless: needless, Check: checkZone,
	}
}

func checkZone(name string) error {
	if strings.HasPrefix(name, "/") {
		return errors.New("say the name of the zone, such as Europe/Vienna")
	}
	if _, err := stationtime.Load(name); err != nil {
		return fmt.Errorf("%q is no zone of the IANA database; say something like Europe/Vienna", name)
	}
	return nil
}

// Database asks for the service's database.
func Database(name string) Question {
	return Question{
		Flag: FlagDatabase, Secret: true,
		Help: "URL of the database, such as mysql://user:password@localhost:3306/" + name + ", or sqlite:///path/file.db; default: as before, otherwise an SQLite file in the service's directory",
		Ask:  "URL of the database (empty: an SQLite file, or as before)",
		Check: func(answer string) error {
			if !strings.HasPrefix(answer, "sqlite://") && !strings.HasPrefix(answer, "mysql://") {
				return errors.New("a database is sqlite:///path/file.db, or mysql://user:password@host:3306/" + name)
			}
			return nil
		},
	}
}

// SetDatabase sets what follows from the answer: nothing if there is none.
func (o *Outcome) SetDatabase(answers Answers) {
	switch url := answers[FlagDatabase]; {
	case strings.Contains(url, "@"):
		o.SetSecret("AURA_DATABASE_URL", url)
	case url != "":
		o.Set("AURA_DATABASE_URL", url)
	}
}

// Joins reports whether there is an invitation among the answers.
func Joins(answers Answers) bool { return answers[FlagJoin] != "" }

// Fingerprint is that of a certificate; "" of none.
func Fingerprint(c *x509.Certificate) string {
	if c == nil {
		return ""
	}
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// Accept reads the invitation among the answers, and sees whether the sync node shows
// the certificate that it names. Notes say so. An error is another certificate:
// somebody may be in between. Without HTTPS there is nothing to see.
func (o *Outcome) Accept(ctx context.Context, answers Answers) (Invitation, error) {
	i, err := ParseInvitation(answers[FlagJoin])
	if err != nil || i.Fingerprint == "" {
		return i, err
	}
	shown, err := checkup.CertificateOf(ctx, i.SyncHost)
	switch {
	case err != nil:
		o.Notes = append(o.Notes, fmt.Sprintf("the sync node can't be reached now, so its certificate was not compared: %v", err))
		return i, nil
	case Fingerprint(shown) != i.Fingerprint:
		return i, fmt.Errorf("%s shows another certificate than the invitation names: either somebody is in between, or the certificate was exchanged since; in that case invite again", i.SyncHost)
	}
	note := "the sync node shows the certificate that the invitation names"
	if err := checkup.Trusts(ctx, i.SyncHost); err != nil {
		note += fmt.Sprintf(", but this host does not trust it (%v): %s", err, checkup.AdviceAuthority)
	}
	o.Notes = append(o.Notes, note)
	return i, nil
}

// isMember reports whether a variable is one of a family: AURA_SOURCE_1 is of
// AURA_SOURCE.
func isMember(variable, family string) bool {
	digits, found := strings.CutPrefix(variable, family+"_")
	_, err := strconv.Atoi(digits)
	return found && err == nil
}
