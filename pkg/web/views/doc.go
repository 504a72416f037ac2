// Package views renders what plays in the shapes of other systems, which websites,
// widgets, bots and devices already read, and says how a website shows a page in a
// frame (oEmbed). It knows neither HTTP nor SQL.
//
// It promises that a view says only what the track service and the studio clock say
// to everybody, in other words; that what the other system always has is always
// there, as a neutral value if it is not known here; and that texts are escaped if
// the other system escapes them, because its widgets put them into pages as they are.
package views
