package model

import "strings"

// Distinguish gives a play without artist, album and title an identity of its
// show, timeslot and media, as far as they are known. Otherwise two shows that
// one engine starts at one instant would be one entry. Call it where a play is
// read, before its entry is stored. An entry that is stored keeps its identity.
//
// Every program computes an entry's identity by itself, and programs of earlier
// versions do it from seven fields. So what distinguishes the play must be in one
// of the seven: a mark in place of the album, which the play does not have. Nodes
// of every version therefore agree on the identity. The mark is written with
// characters that have no shape, so what an earlier version shows is a blank
// album. Effective and Unmarked leave the mark out.
func (e *Entry) Distinguish() {
	if e.Artist != "" || e.Album != "" || e.Title != "" {
		return
	}
	known := *e
	known.Normalize()
	if known.ShowID == 0 && known.ShowName == "" && known.TimeslotID == 0 && known.MediaID == 0 {
		return
	}
	d := newDigest("untitled/1")
	d.number(known.ShowID)
	if known.ShowID == 0 { // a show that has a number may change its name
		d.text(known.ShowName)
	}
	d.number(known.TimeslotID)
	d.number(known.MediaID)
	e.Album = strings.Map(func(digit rune) rune { return digit + tags }, d.sum().String())
}

// tags is the distance from an ASCII character to its shapeless copy in Unicode's
// block of tags.
const tags = 0xE0000

// Unmarked is the entry as it was sent, without what Distinguish put in place of
// its album.
func (e Entry) Unmarked() Entry {
	if isMark(e.Album) {
		e.Album = ""
	}
	return e
}

// isMark reports whether an album was made by Distinguish.
func isMark(album string) bool {
	const lengthOfTag = 4 // bytes in UTF-8
	if len(album) != lengthOfTag*2*len(Fingerprint{}) {
		return false
	}
	_, err := ParseFingerprint(strings.Map(func(r rune) rune { return r - tags }, album))
	return err == nil
}

// Contradicts reports whether an untitled play that Distinguish did not mark is
// another one than the stored entry of the same identity: of another show,
// timeslot or media. What either does not know contradicts nothing.
func (e *Entry) Contradicts(stored Entry) bool {
	if !isBlank(e.Artist) || !isBlank(e.Album) || !isBlank(e.Title) {
		return false
	}
	areOthers := func(a, b int64) bool { return a != 0 && b != 0 && a != b }
	if areOthers(e.ShowID, stored.ShowID) || areOthers(e.TimeslotID, stored.TimeslotID) || areOthers(e.MediaID, stored.MediaID) {
		return true
	}
	isByName := e.ShowID == 0 || stored.ShowID == 0
	return isByName && !isBlank(e.ShowName) && !isBlank(stored.ShowName) && Line(e.ShowName) != Line(stored.ShowName)
}
