// class: script, text

rule JSP_Webshell_Exec : webshell
{
    meta:
        description = "A page of JSP that runs a parameter of the request as a command"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1505.003"
        severity = "high"
        score = 85
    strings:
        $tag1 = /<%[ \t\r\n@!=]/
        $tag2 = "<jsp:scriptlet" nocase
        $direct = /(\.exec|ProcessBuilder)\s{0,4}\(\s{0,4}[^;\n]{0,80}request\s?\.\s?(getParameter|getHeader)\s?\(/
        $parameter = /request\s?\.\s?getParameter\s?\(\s?["'](cmd|command|exec|c|pwd|pass)["']/
        $exec = /getRuntime\s?\(\s?\)\s?\.\s?exec\s?\(/
    condition:
        filesize < 512KB and any of ($tag*) and ($direct or ($parameter and $exec))
}

rule JSP_Webshell_ClassLoader : webshell
{
    meta:
        description = "A page of JSP that decrypts a class out of the request and loads it, as Behinder and Godzilla do"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1505.003"
        severity = "high"
        score = 85
    strings:
        $tag1 = /<%[ \t\r\n@!=]/
        $tag2 = "<jsp:scriptlet" nocase
        $define = /defineClass\s?\(/
        $loader = /extends\s{1,4}ClassLoader/
        $decode1 = /Cipher\s?\.\s?getInstance\s?\(/
        $decode2 = "BASE64Decoder"
        $decode3 = /Base64\s?\.\s?getDecoder/
        $input1 = /request\s?\.\s?getParameter\s?\(/
        $input2 = /request\s?\.\s?getReader\s?\(/
        $input3 = /request\s?\.\s?getInputStream\s?\(/
    condition:
        filesize < 512KB and any of ($tag*) and $define and $loader and any of ($decode*) and any of ($input*)
}
