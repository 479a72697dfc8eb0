package network

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxYAML     = 64 << 10  // bytes of a file
	maxYAMLAll  = 512 << 10 // and of all, since the parser's time grows faster than a file
	maxYAMLLine = 4 << 10
	maxDepth    = 64 // of brackets, and of dashes in one line
)

// parse reads YAML whose size and depth are bounded before, since the parser calls itself for what is nested.
func parse(b []byte) (doc *ast.File, err error) {
	if len(b) > maxYAML {
		return nil, binread.Limit("%d bytes, want at most %d", len(b), maxYAML)
	}
	n, depth := 0, 0
	for line := range strings.Lines(string(b)) {
		n++
		depth = max(0, depth+strings.Count(line, "[")+strings.Count(line, "{")-strings.Count(line, "]")-strings.Count(line, "}"))
		marks := strings.Count(line, "- ") + strings.Count(line, "? ") + strings.Count(line, "[") + strings.Count(line, "{")
		if len(line) > maxYAMLLine || depth > maxDepth || marks > maxDepth {
			return nil, binread.Limit("line %d is longer than %d bytes or nests more than %d deep", n, maxYAMLLine, maxDepth)
		}
	}
	// A parser of others must not end the program on a file of the guest.
	defer func() {
		if v := recover(); v != nil {
			doc, err = nil, binread.Corrupt("the YAML parser gave up: %v", v)
		}
	}()
	if doc, err = parser.ParseBytes(b, 0); err != nil {
		// Its text quotes the lines around, which may hold a password.
		return nil, binread.Corrupt("not YAML: %s", strings.SplitN(err.Error(), "\n", 2)[0])
	}
	return doc, nil
}

// unwrap takes tags and anchors off a node.
func unwrap(n ast.Node) ast.Node {
	for range maxDepth {
		switch v := n.(type) {
		case *ast.TagNode:
			n = v.Value
		case *ast.AnchorNode:
			n = v.Value
		default:
			return n
		}
	}
	return nil
}

// items are those of a sequence, or a scalar alone.
func items(n ast.Node) []ast.Node {
	switch v := unwrap(n).(type) {
	case *ast.SequenceNode:
		return v.Values
	case ast.ScalarNode:
		if v.Type() != ast.NullType {
			return []ast.Node{v}
		}
	}
	return nil
}

func text(n ast.Node) string {
	switch v := unwrap(n).(type) {
	case *ast.StringNode:
		return v.Value
	case *ast.LiteralNode:
		return v.Value.Value
	case *ast.NullNode, nil:
		return ""
	case ast.ScalarNode:
		return v.GetToken().Value
	}
	return ""
}

func lineOf(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}
