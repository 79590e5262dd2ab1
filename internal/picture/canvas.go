package picture

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// canvas collects SVG elements in pixels; later ones lie on top.
type canvas struct{ b strings.Builder }

// box is a rectangle.
type box struct{ x, y, w, h int }

func (c *canvas) rect(at box, radius int, fill, stroke string) {
	fmt.Fprintf(&c.b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\" fill=\"%s\" stroke=\"%s\"/>\n", at.x, at.y, at.w, at.h, radius, fill, stroke)
}

// stripe marks the left edge of a box.
func (c *canvas) stripe(at box, fill string) {
	c.rect(box{at.x, at.y, 5, at.h}, 2, fill, fill)
}

func (c *canvas) path(class, d string) {
	fmt.Fprintf(&c.b, "<path class=\"%s\" d=\"%s\"/>\n", class, d)
}

// text writes one line with its baseline at y, cut to the room there is; what was cut is
// in the tooltip.
func (c *canvas) text(x, y, room int, class, text string) {
	shown := fit(text, room, fontSizes[class])
	tip := ""
	if shown != text {
		tip = "<title>" + escaped(text) + "</title>"
	}
	fmt.Fprintf(&c.b, "<text x=\"%d\" y=\"%d\" class=\"%s\">%s%s</text>\n", x, y, class, escaped(shown), tip)
}

// fontSizes in pixels, by the class of a text.
var fontSizes = map[string]int{"title": 22, "zone": 15, "name": 14, "what": 12, "note": 12, "end": 12, "mid": 12, "big": 15}

// width estimates how wide a text is drawn: no font is at hand to measure with, and
// sans-serif letters are a little more than half as wide as the font is high. Those of
// East Asia, which begin at Hangul Jamo (U+1100), are as wide as high.
func width(text string, size int) int {
	hundredths := 0
	for _, r := range text {
		if r >= 0x1100 && r != '…' && !symbols[r] {
			hundredths += 100
		} else {
			hundredths += 52
		}
	}
	return hundredths * size / 100
}

// symbols are characters of ours that are no wider than letters.
var symbols = map[rune]bool{'↻': true, '−': true, '✗': true}

func fit(text string, room, size int) string {
	if width(text, size) <= room {
		return text
	}
	runes := []rune(text)
	for len(runes) > 1 && width(string(runes)+"…", size) > room {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// escaped is text that means nothing to XML; what XML cannot hold becomes U+FFFD.
func escaped(text string) string {
	b := &strings.Builder{}
	// A strings.Builder takes everything.
	_ = xml.EscapeText(b, []byte(text))
	return b.String()
}

const sheet = `<style>
text{font-family:Inter,"Helvetica Neue",Helvetica,Arial,sans-serif;fill:#1f2937}
.title{font-size:22px;font-weight:600}.zone{font-size:15px;font-weight:600;fill:#475569}
.name{font-size:14px;font-weight:600}.big{font-size:15px;font-weight:600}.what{font-size:12px;fill:#475569}.note{font-size:12px;fill:#64748b}
.end{font-size:12px;fill:#475569;text-anchor:end}.mid{font-size:12px;fill:#475569;text-anchor:middle}
.wire{fill:none;stroke:#7c3aed;stroke-width:1.6;marker-end:url(#violet)}
.out{fill:none;stroke:#0f766e;stroke-width:1.6}
.edge{fill:none;stroke:#94a3b8;stroke-width:1.3;marker-end:url(#grey)}
.chain{fill:none;stroke:#c28a00;stroke-width:3.2;marker-end:url(#gold)}
.disk{fill:#fff;stroke:#475569;stroke-width:1.2}.main{fill:#c7d2fe;stroke:#3b4cca;stroke-width:1.2}.events{fill:#fde3c3;stroke:#b45309;stroke-width:1.2}
.machine{fill:#475569;stroke:#475569}.spare{fill:#fff;stroke:#94a3b8;stroke-dasharray:2 2}
</style>
<defs>` + arrowhead + `</defs>
`

const arrowhead = `<marker id="violet" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#7c3aed"/></marker>` +
	`<marker id="grey" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#94a3b8"/></marker>` +
	`<marker id="gold" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="4.5" markerHeight="4.5" orient="auto"><path d="M0 0L8 4L0 8z" fill="#c28a00"/></marker>`

// document wraps what was drawn into a picture of the given size.
func (c *canvas) document(w, h int, title string) string {
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">\n<title>%s</title>\n%s<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n%s</svg>\n",
		w, h, w, h, escaped(title), sheet, w, h, c.b.String())
}
