package kopsspec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// chunk is the text of one YAML document and the number of lines before it.
type chunk struct {
	text   []byte
	before int
}

// chunks cuts a stream at its document markers. Cutting before parsing keeps a syntax error inside
// its document: the problems of the others are still found.
func chunks(data []byte) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		start, line := chunk{text: data}, 0
		for offset := 0; offset < len(data); line++ {
			rest := data[offset:]
			if isMarker(rest) && offset > 0 {
				start.text = start.text[:len(start.text)-len(rest)]
				if !yield(start) {
					return
				}
				start = chunk{text: rest, before: line}
			}
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				break
			}
			offset += end + 1
		}
		yield(start)
	}
}

// isMarker follows the YAML rule: three dashes at the start of a line, then white space or the end.
func isMarker(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// parse reads the documents of a chunk: one, unless it uses the "..." marker. An empty document, such
// as a trailing "---" leaves behind, says nothing and is skipped.
func parse(c chunk) iter.Seq2[*yaml.Node, error] {
	return func(yield func(*yaml.Node, error) bool) {
		loader, err := yaml.NewLoader(bytes.NewReader(c.text),
			yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(MaxDepth))))
		if err != nil {
			yield(nil, err)
			return
		}
		for {
			var doc yaml.Node
			err := loader.Load(&doc)
			if errors.Is(err, io.EOF) || !yield(&doc, err) || err != nil {
				return
			}
		}
	}
}

// syntaxProblem turns the parser's refusal into a problem at the place it points to.
func syntaxProblem(file string, before int, err error) Problem {
	p := Problem{File: file, Line: before + 1, Column: 1, Severity: Error}
	load, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		p.Message = fmt.Sprintf("this is not valid YAML: %v", err)
		return p
	}
	p.Line, p.Column = before+max(load.Mark.Line, 1), max(load.Mark.Column, 1)
	p.Message = "this is not valid YAML: " + load.Message
	if load.ContextMsg != "" {
		p.Message += " (" + load.ContextMsg + ")"
	}
	return p
}

// textProblem finds what makes a file unreadable before any YAML is looked at.
func textProblem(file string, data []byte) (Problem, bool) {
	p := Problem{File: file, Line: 1, Column: 1, Severity: Error}
	if len(data) > MaxBytes {
		p.Message = fmt.Sprintf("the file has %d bytes and may have at most %d; split it by cluster", len(data), MaxBytes)
		return p, true
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			p.Line += bytes.Count(data[:i], []byte("\n"))
			p.Column = i - bytes.LastIndexByte(data[:i], '\n')
			p.Message = fmt.Sprintf("byte 0x%02x is not UTF-8; save the file as UTF-8", data[i])
			return p, true
		}
		i += size
	}
	return p, false
}
