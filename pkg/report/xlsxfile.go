package report

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of a sheet in Excel.
const (
	maxSheetRows = 1 << 20
	maxCellText  = 32767 // UTF-16 units
)

// clockTime is a cell with a date and a time of day, whatever the zone.
type clockTime struct{ time.Time }

// sheets is a workbook that is written front to back, one sheet after the other
// (Office Open XML). A spreadsheet finds the list of sheets at the end.
type sheets struct {
	out   *bufio.Writer
	zip   *zip.Writer
	names []string
	sheet io.Writer // the sheet being written; nil before the first one
	buf   []byte
}

// held is how much of a workbook waits before it is written, so that a report that
// fails at once has written nothing.
const held = 32 << 10

func newSheets(w io.Writer, p properties) (*sheets, error) {
	s := &sheets{out: bufio.NewWriterSize(w, held)}
	s.zip = zip.NewWriter(s.out)
	return s, errors.Join(
		s.file("[Content_Types].xml", contentTypes),
		s.file("_rels/.rels", packageParts),
		s.file("docProps/core.xml", p.xml()),
		s.file("xl/styles.xml", cellStyles),
	)
}

func (s *sheets) file(name, content string) error {
	w, err := s.zip.Create(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+content)
	return err
}

// begin begins a sheet whose columns have those widths, in characters. Its first row
// stays in sight.
func (s *sheets) begin(name string, widths []int) (err error) {
	if err := s.endSheet(); err != nil {
		return err
	}
	s.names = append(s.names, name)
	if s.sheet, err = s.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(s.names))); err != nil {
		return err
	}
	s.buf = append(s.buf[:0], xml.Header+sheetBegin...)
	for i, width := range widths {
		s.buf = fmt.Appendf(s.buf, `<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, width)
	}
	s.buf = append(s.buf, "</cols><sheetData>"...)
	return s.flush()
}

func (s *sheets) endSheet() error {
	if s.sheet == nil {
		return nil
	}
	s.buf = append(s.buf, "</sheetData></worksheet>"...)
	return s.flush()
}

func (s *sheets) flush() error {
	_, err := s.sheet.Write(s.buf)
	s.buf = s.buf[:0]
	return err
}

// row writes a row of the sheet; nil is an empty cell.
func (s *sheets) row(number int, bold bool, cells []any) error {
	s.buf = fmt.Appendf(s.buf, `<row r="%d">`, number)
	style := ""
	if bold {
		style = ` s="1"`
	}
	for i, value := range cells {
		if value == nil {
			continue
		}
		s.buf = append(s.buf, `<c r="`...)
		s.buf = strconv.AppendInt(appendColumn(s.buf, i), int64(number), 10)
		s.buf = append(append(s.buf, '"'), style...)
		s.buf = appendValue(s.buf, value)
		s.buf = append(s.buf, "</c>"...)
	}
	s.buf = append(s.buf, "</row>"...)
	return s.flush()
}

// end writes what is known last.
func (s *sheets) end() error {
	if err := s.endSheet(); err != nil {
		return err
	}
	var list, parts strings.Builder
	for i, name := range s.names {
		fmt.Fprintf(&list, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, appendText(nil, name), i+1, i+1)
		fmt.Fprintf(&parts, relationship, i+1, "officeDocument/2006/relationships/worksheet", fmt.Sprintf("worksheets/sheet%d.xml", i+1))
	}
	fmt.Fprintf(&parts, relationship, len(s.names)+1, "officeDocument/2006/relationships/styles", "styles.xml")
	return errors.Join(
		s.file("xl/_rels/workbook.xml.rels", relationshipsBegin+parts.String()+"</Relationships>"),
		s.file("xl/workbook.xml", workbookBegin+list.String()+"</sheets></workbook>"),
		s.zip.Close(),
		s.out.Flush(),
	)
}

// appendColumn writes the name of a column: A to Z, AA and so on.
func appendColumn(buf []byte, number int) []byte {
	if number >= 26 {
		buf = appendColumn(buf, number/26-1)
	}
	return append(buf, byte('A'+number%26))
}

// firstSerial is the first day that a serial number names in every spreadsheet:
// they disagree whether there was a day before it.
var firstSerial = time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)

// appendValue writes the rest of a cell's tag, and its value.
func appendValue(buf []byte, value any) []byte {
	number := func(tag, digits string) []byte { return append(buf, tag+"><v>"+digits+"</v>"...) }
	switch v := value.(type) {
	case int64:
		return number("", strconv.FormatInt(v, 10))
	case float64:
		return number("", strconv.FormatFloat(v, 'f', -1, 64))
	case bool:
		if v {
			return number(` t="b"`, "1")
		}
		return number(` t="b"`, "0")
	case clockTime:
		_, offset := v.Zone()
		if at := v.Unix() + int64(offset) - firstSerial.Unix(); at >= 0 {
			// 61 is the number of that day.
			return number(` s="2"`, strconv.FormatFloat(61+(float64(at)+float64(v.Nanosecond())/1e9)/86400, 'f', -1, 64))
		}
		value = v.Format(time.DateTime)
	}
	buf = append(buf, ` t="inlineStr"><is><t xml:space="preserve">`...)
	buf = appendText(buf, fmt.Sprint(value))
	return append(buf, "</t></is>"...)
}

// appendText writes a text as a spreadsheet reads it. A character that XML can't
// hold is written as _xHHHH_, and what only looks like that begins with _x005F_.
func appendText(buf []byte, text string) []byte {
	units := 0
	for i, r := range text {
		if units += utf16.RuneLen(r); units > maxCellText {
			break
		}
		switch {
		case r == '&':
			buf = append(buf, "&amp;"...)
		case r == '<':
			buf = append(buf, "&lt;"...)
		case r == '>':
			buf = append(buf, "&gt;"...)
		case r == '"':
			buf = append(buf, "&#34;"...)
		case r < ' ' && r != '\t' && r != '\n', r == 0xfffe, r == 0xffff:
			buf = fmt.Appendf(buf, "_x%04X_", r)
		case r == '_' && looksEscaped(text[i:]):
			buf = append(buf, "_x005F_"...)
		default:
			buf = utf8.AppendRune(buf, r)
		}
	}
	return buf
}

// looksEscaped reports whether a text begins with _xHHHH_.
func looksEscaped(text string) bool {
	if len(text) < 7 || text[1] != 'x' || text[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(text[2:6], 16, 16)
	return err == nil
}

// properties are what a workbook says about itself.
type properties struct {
	author, title string
	made          time.Time
}

func (p properties) xml() string {
	b := []byte(`<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`)
	b = appendText(append(b, "<dc:title>"...), p.title)
	b = appendText(append(b, "</dc:title><dc:creator>"...), p.author)
	b = appendText(append(b, "</dc:creator><cp:lastModifiedBy>"...), p.author)
	b = append(b, "</cp:lastModifiedBy>"...)
	if !p.made.IsZero() {
		at := p.made.UTC().Format(time.RFC3339)
		b = fmt.Appendf(b, `<dcterms:created xsi:type="dcterms:W3CDTF">%s</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">%s</dcterms:modified>`, at, at)
	}
	return string(append(b, "</cp:coreProperties>"...))
}

// The parts of a workbook that are always the same.
const (
	mainNamespace = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`

	// Whatever is not named is a sheet, because their number is known last.
	contentTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`

	relationshipsBegin = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	relationship       = `<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/%s" Target="%s"/>`

	packageParts = relationshipsBegin +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`

	// Style 1 is bold, and style 2 a date.
	cellStyles = `<styleSheet ` + mainNamespace + `>` +
		`<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy-mm-dd hh:mm:ss"/></numFmts>` +
		`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
		`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>` +
		`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

	sheetBegin = `<worksheet ` + mainNamespace + `><sheetViews><sheetView workbookViewId="0">` +
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>`

	workbookBegin = `<workbook ` + mainNamespace + ` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
		`<bookViews><workbookView/></bookViews><sheets>`
)
