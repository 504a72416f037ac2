package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

const (
	// manifestName is the file that says what a backup holds. It is written last.
	manifestName = "backup.json"
	// manifestFormat is the one that this program writes and reads.
	manifestFormat = 1
	// nameTime is the form of the time in the name of a backup, in UTC.
	nameTime = "20060102T150405.000Z"
)

// manifest says what a backup holds.
type manifest struct {
	Format  int    `json:"format"`
	Service string `json:"service"`
	// Instance is the service's: "" is the one without a name. An older program did
	// not say which: nil.
	Instance *instance.Name `json:"instance,omitempty"`
	Host     int            `json:"host"`
	Version  string         `json:"version"` // of the program that made it
	MadeAt   time.Time      `json:"made_at"`
	// Database is the identity of the database.
	Database string           `json:"database"`
	Rows     map[string]int64 `json:"rows"`
	// Newest is when the latest play began.
	Newest *time.Time `json:"newest_play,omitempty"`
	Files  []file     `json:"files"`
}

// file is a part of a backup. Name is its path within.
type file struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (m manifest) owner() model.Owner { return model.Owner{Service: m.Service, Host: m.Host} }

// newestIn is the newest backup of an owner in a folder; "" if there is none.
func newestIn(root string, o model.Owner) string {
	entries, err := os.ReadDir(root) // sorted by name
	if err != nil {
		return ""
	}
	for _, entry := range slices.Backward(entries) {
		if path := filepath.Join(root, entry.Name()); strings.HasPrefix(entry.Name(), stem(o)+"-") {
			if m, err := readManifest(path); err == nil && m.complete(path) == nil {
				return path
			}
		}
	}
	return ""
}

// nameOf is the name of a backup that is made now. Names of one owner sort by time.
func nameOf(o model.Owner, now time.Time) string {
	return stem(o) + "-" + now.UTC().Format(nameTime)
}

func stem(o model.Owner) string {
	if o.Host == 0 {
		return o.Service
	}
	return o.Service + "-" + strconv.Itoa(o.Host)
}

// filesOf reads all files of a folder, and has them on the disk.
func filesOf(folder string) (files []file, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return syncPath(path)
		}
		f, err := readFile(path)
		if err == nil {
			f.Name, err = filepath.Rel(folder, path)
		}
		files = append(files, f)
		return errors.Join(err, syncPath(path))
	})
	return files, err
}

func readFile(path string) (f file, err error) {
	opened, err := os.Open(path)
	if err != nil {
		return f, err
	}
	defer opened.Close()
	sum := sha256.New()
	if f.Bytes, err = io.Copy(sum, opened); err != nil {
		return f, err
	}
	f.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return f, nil
}

// syncPath has a file's bytes, or a folder's names, on the disk.
func syncPath(path string) error {
	opened, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}

// writeManifest makes the folder a backup.
func writeManifest(folder string, m manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, manifestName)
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return errors.Join(syncPath(path), syncPath(folder))
}

// readManifest returns an error if the folder is no backup.
func readManifest(folder string) (m manifest, err error) {
	text, err := os.ReadFile(filepath.Join(folder, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s is no backup: it has no %s", folder, manifestName)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s is no backup: %w", folder, err)
	}
	if m.Format != manifestFormat {
		return m, fmt.Errorf("%s is a backup of format %d, and this program knows only %d", folder, m.Format, manifestFormat)
	}
	return m, nil
}

// complete returns an error unless all files are there with their sizes.
func (m manifest) complete(folder string) error {
	for _, f := range m.Files {
		info, err := os.Stat(filepath.Join(folder, f.Name))
		if err != nil {
			return err
		}
		if info.Size() != f.Bytes {
			return fmt.Errorf("%s has %d bytes, and had %d", f.Name, info.Size(), f.Bytes)
		}
	}
	return nil
}

// unchanged returns an error unless each file is as it was written.
func (m manifest) unchanged(folder string) error {
	if err := m.complete(folder); err != nil {
		return err
	}
	for _, f := range m.Files {
		found, err := readFile(filepath.Join(folder, f.Name))
		if err != nil {
			return err
		}
		if found.SHA256 != f.SHA256 {
			return fmt.Errorf("%s was changed, or the disk has damaged it", f.Name)
		}
	}
	return nil
}

// newManifest describes a folder with a copy of the database.
func newManifest(c repo.Contents, name instance.Name, files []file, version string, now time.Time) manifest {
	m := manifest{
		Format: manifestFormat, Service: c.Owner.Service, Instance: &name, Host: c.Owner.Host, Version: version, MadeAt: now.UTC(),
		Database: c.Database.String(), Rows: c.Rows, Files: files,
	}
	if !c.Newest.IsZero() {
		m.Newest = &c.Newest
	}
	return m
}

// rotate deletes all but the newest backups of a database. It counts only complete
// ones, and never deletes the one that was just made. What a call that was cut off
// left is deleted too.
func rotate(root, made string, keep int) (deleted []string, err error) {
	present, err := readManifest(filepath.Join(root, made))
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(root) // sorted by name
	if err != nil {
		return nil, err
	}
	prefix := stem(present.owner()) + "-"
	var older []string
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, goingPrefix+prefix) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(root, name)))
		}
		if !strings.HasPrefix(name, prefix) || name == made {
			continue
		}
		folder := filepath.Join(root, name)
		if m, wrong := readManifest(folder); wrong == nil && m.Database == present.Database && m.complete(folder) == nil {
			older = append(older, name)
		}
	}
	for _, name := range older[:max(0, len(older)+1-keep)] {
		// Half of a backup must not look like one.
		going := filepath.Join(root, goingPrefix+name)
		if err := os.Rename(filepath.Join(root, name), going); err != nil {
			return deleted, err
		}
		if err := os.RemoveAll(going); err != nil {
			return deleted, err
		}
		deleted = append(deleted, name)
	}
	return deleted, err
}
