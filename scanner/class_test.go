package scanner

import (
	"strings"
	"testing"
)

func TestClasses(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		want    Class
	}{
		"empty":                            {"", Text},
		"program":                          {"\x7fELF\x02\x01", ELF},
		"program for Windows":              {"MZ\x90\x00", PE},
		"shell script":                     {"#!/bin/sh\n", Script},
		"script after blank lines":         {"\n \t#!/bin/sh\n", Script},
		"script after a byte order mark":   {"\xef\xbb\xbf#!/bin/sh\n", Script},
		"PHP":                              {"<html>\n<?PhP echo 1;", Script},
		"short tag of PHP":                 {"GIF89a<?= 1 ?>", Script},
		"PHP behind the bytes of an image": {"\xff\xd8\xff\xe0\x00<?php ?>", Script},
		"JSP":                              {"<%@ page %>", Script},
		"XML":                              {"<?xml version='1.0'?><a/>", Text},
		"HTML":                             {"<p>100 % <", Text},
		"text":                             {"tab\tand line\r\n", Text},
		"Latin text in UTF-8":              {"caf\u00e9", Text},
		"a character that is cut off":      {strings.Repeat("a", sniffed-1) + "\u00e9", Text},
		"a byte that is no UTF-8":          {"caf\xe9", Other},
		"a zero byte":                      {"text\x00", Other},
		"a zero byte late":                 {strings.Repeat("a", sniffed) + "\x00", Text},
	} {
		if got := ClassOf([]byte(c.content), nil); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := ClassOf([]byte("PK\x03\x04"), func([]byte) bool { return true }); got != Archive {
		t.Errorf("archive: %s", got)
	}
}
