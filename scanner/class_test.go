package scanner_test

import (
	"strings"
	"testing"

	"github.com/guestctl/guestctl/scanner"
	"github.com/guestctl/guestctl/scanner/archive"
)

func TestClasses(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		want    scanner.Class
	}{
		"a tar of a script":                      {tarred(t, in{"a.php", "<?php evil"}), scanner.Archive},
		"a zip with a tag among its bytes":       {zipped(t, in{"<%a<?=b", "x"}), scanner.Archive},
		"an image with PHP behind its header":    {"GIF89a\x00\x01<?php x();", scanner.Script},
		"a short tag among bytes of no meaning":  {"\x00\x01<%\x02", scanner.Other},
		"JSP":                                    {"\xef\xbb\xbf<%@ page %>", scanner.Script},
		"XML":                                    {"<?xml version='1.0'?><%x", scanner.Text},
		"a character on the border of the first": {strings.Repeat("x", 4095) + "ü", scanner.Text},
		"an escape of terminals":                 {"\x1b[31mred\n", scanner.Text},
		"a program that unpacks itself":          {"\x7fELF" + zipped(t, in{"a", "b"}), scanner.ELF},
		"empty":                                  {"", scanner.Text},
		"program":                                {"\x7fELF\x02\x01", scanner.ELF},
		"program for Windows":                    {"MZ\x90\x00", scanner.PE},
		"shell script":                           {"#!/bin/sh\n", scanner.Script},
		"script after blank lines":               {"\n \t#!/bin/sh\n", scanner.Script},
		"script after a byte order mark":         {"\xef\xbb\xbf#!/bin/sh\n", scanner.Script},
		"PHP":                                    {"<html>\n<?PhP echo 1;", scanner.Script},
		"short tag of PHP":                       {"GIF89a<?= 1 ?>", scanner.Script},
		"PHP behind the bytes of an image":       {"\xff\xd8\xff\xe0\x00<?php ?>", scanner.Script},
		"HTML":                                   {"<p>100 % <", scanner.Text},
		"text":                                   {"tab\tand line\r\n", scanner.Text},
		"Latin text in UTF-8":                    {"caf\u00e9", scanner.Text},
		"a character that is cut off":            {strings.Repeat("a", 4095) + "\u00e9", scanner.Text},
		"a byte that is no UTF-8":                {"caf\xe9", scanner.Text},
		"a zero byte":                            {"text\x00", scanner.Other},
		"a zero byte late":                       {strings.Repeat("a", 4096) + "\x00", scanner.Text},
	} {
		if got := scanner.ClassOf([]byte(test.content), archive.Is); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
