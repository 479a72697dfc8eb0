// class: script, text

rule ASP_Webshell_InputEval : webshell
{
    meta:
        description = "A page of ASP or ASP.NET that runs what a request sends as code"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1505.003"
        severity = "critical"
        score = 95
    strings:
        $page = /<%@\s{0,4}Page\s{1,4}([a-z]{1,20}\s?=\s?["'][^"'\n]{0,40}["']\s{1,4}){0,4}Language\s?=\s?["']?(Jscript|C#|VB)/ nocase
        $eval = /\beval\s{0,4}\(\s{0,4}Request\s{0,4}[\[.(]/ nocase
        $classic = /<%\s{0,8}(eval|execute|executeglobal)\s{0,4}\(?\s{0,4}request\s{0,4}[(.]/ nocase
    condition:
        filesize < 512KB and (($page and $eval) or $classic)
}
