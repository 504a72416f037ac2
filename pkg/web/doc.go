// Package web is what people look at in a browser: pages for listeners, for people
// who build websites, and for the studio.
//
// It promises that a page shows what the API answers, and nothing else. Each page
// calls the operations of the contract in the process, so rules, permissions, audit
// and the answers kept in memory are the same. The overview of a report is made by
// package report from the same plays. What a correction will be is shown before it
// is stored. Pages are rendered here and are readable without scripts; scripts
// only follow what is live. All of it comes from the program: no build step, no other
// host, and a strict content security policy. Every reference is relative, so pages
// are right below a proxy's sub-path.
//
// A page is a method of Site that returns a view: the template and what it shows.
// Its texts stand in the catalogue, one file for each page and language. An asset's
// address holds its content's hash, so browsers keep it for ever.
//
// Other websites show what plays by the elements of aura.js, or in a frame. Only the
// pages that are made for frames can be in one.
//
// The status page is sent to those who look at it when it changes. One goroutine reads it
// for all of them, and reads nothing while nobody looks. What changes rarely is kept for
// a minute.
//
// What a page looks like depends on its address alone, also the language (?lang=).
// So the pages that everybody may see are kept and served from memory.
package web
