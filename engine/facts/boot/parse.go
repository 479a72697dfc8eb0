package boot

import (
	"github.com/guestctl/guestctl/engine/binread"
)

const maxNesting = 32 // blocks of a script in each other

// command is one command of a script.
type command struct {
	words    []word
	line     int
	block    []command // between braces, of menuentry and submenu
	branches []branch  // of if; the last one may have no condition
	unsure   bool      // a loop, of which nobody can say how often it runs
}

// branch is one arm of an if.
type branch struct {
	condition []command // empty for else
	body      []command
}

// parser makes commands of tokens.
type parser struct {
	tokens []token
	depth  int
}

// parse returns the commands of a script. What follows an error is lost, as it is for GRUB.
func parse(text string) ([]command, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := parser{tokens: tokens}
	list, err := p.list()
	if err == nil && len(p.tokens) > 0 {
		err = binread.Corrupt("line %d: %q without its beginning", p.tokens[0].line, p.keyword())
	}
	return list, err
}

// keyword returns the word at hand when it can be a keyword, or "}".
func (p *parser) keyword() string {
	if len(p.tokens) == 0 {
		return ""
	}
	if p.tokens[0].mark == '}' {
		return "}"
	}
	return p.tokens[0].word.plain()
}

// list reads commands up to a word that ends a list.
func (p *parser) list() ([]command, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, binread.Limit("line %d: blocks are more than %d deep", p.line(), maxNesting)
	}
	defer func() { p.depth-- }()
	var list []command
	for len(p.tokens) > 0 {
		if p.tokens[0].mark == ';' {
			p.tokens = p.tokens[1:]
			continue
		}
		switch p.keyword() {
		case "}", "then", "elif", "else", "fi", "do", "done":
			return list, nil
		}
		c, err := p.command()
		if err != nil {
			return list, err
		}
		list = append(list, c)
	}
	return list, nil
}

func (p *parser) line() int {
	if len(p.tokens) == 0 {
		return 0
	}
	return p.tokens[0].line
}

func (p *parser) command() (command, error) {
	switch p.keyword() {
	case "if":
		return p.condition()
	case "while", "until", "for":
		return p.loop()
	case "function":
		c, err := p.simple()
		return command{line: c.line}, err // what it does when called is not looked at
	}
	return p.simple()
}

func (p *parser) simple() (command, error) {
	c := command{line: p.line()}
	for len(p.tokens) > 0 {
		t := p.tokens[0]
		switch t.mark {
		case ';':
			return c, nil
		case '}':
			return c, nil
		case '{':
			p.tokens = p.tokens[1:]
			block, err := p.list()
			if err != nil {
				return c, err
			}
			c.block = append(c.block, block...)
			return c, p.expect("}")
		}
		c.words = append(c.words, t.word)
		p.tokens = p.tokens[1:]
	}
	return c, nil
}

func (p *parser) expect(keyword string) error {
	if got := p.keyword(); got != keyword {
		return binread.Corrupt("line %d: found %q, want %q", p.line(), got, keyword)
	}
	p.tokens = p.tokens[1:]
	return nil
}

func (p *parser) condition() (command, error) {
	c := command{line: p.line()}
	for {
		var b branch
		var err error
		isElse := p.keyword() == "else"
		p.tokens = p.tokens[1:] // if, elif, else
		if !isElse {
			if b.condition, err = p.list(); err != nil {
				return c, err
			}
			if err = p.expect("then"); err != nil {
				return c, err
			}
		}
		if b.body, err = p.list(); err != nil {
			return c, err
		}
		c.branches = append(c.branches, b)
		if k := p.keyword(); isElse || k != "elif" && k != "else" {
			return c, p.expect("fi")
		}
	}
}

// loop reads while, until and for: their bodies are commands that may run.
func (p *parser) loop() (command, error) {
	c := command{line: p.line(), unsure: true}
	p.tokens = p.tokens[1:]
	if _, err := p.list(); err != nil {
		return c, err
	}
	if err := p.expect("do"); err != nil {
		return c, err
	}
	body, err := p.list()
	if err != nil {
		return c, err
	}
	c.branches = []branch{{body: body}}
	return c, p.expect("done")
}
