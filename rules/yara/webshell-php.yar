// class: script, text, other
//
// PHP may stand behind anything, an image for example, and need not begin with a tag in full.

rule PHP_Backdoor_ReverseShell : backdoor webshell
{
    meta:
        description = "PHP that connects to a host and makes the connection the input and output of a shell"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1505.003"
        severity = "high"
        score = 85
    strings:
        $socket = /(fsockopen|stream_socket_client)[ \t]{0,2}\(/
        $open = /proc_open[ \t]{0,2}\(/
        $shell = /\/bin\/(ba|da|z)?sh -i/
        $handles = /\/bin\/(ba|da|z)?sh -i <&[0-9] >&[0-9] 2>&[0-9]/
    condition:
        filesize < 1MB and $socket and (($open and $shell) or $handles)
}

rule PHP_Webshell_InputEval : webshell
{
    meta:
        description = "PHP that runs what a request sends, as code or as a command"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1505.003"
        severity = "critical"
        score = 95
    strings:
        $tag = /<\?(php|=|[ \t\r\n@$])/ nocase
        $call = /\b(eval|assert|system|passthru|shell_exec|exec|popen|proc_open|pcntl_exec)\s{0,8}\(\s{0,8}((@|["']|["']\?>["']\s?\.|stripslashes|base64_decode|gzinflate|gzuncompress|str_rot13|strrev|hex2bin|trim|urldecode|rawurldecode|stripcslashes|chr)\s{0,4}\(?\s{0,4}){0,5}[{]?\$_(GET|POST|REQUEST|COOKIE|SERVER\s?\[\s?["']HTTP_|FILES)/ nocase
        $ticks = /<\?(=|php (echo|print))\s{0,4}`\s{0,4}[{]?\$_(GET|POST|REQUEST|COOKIE)/ nocase
    condition:
        filesize < 16MB and
        ($ticks or ($call and for any i in (1..#call) : ($tag in (0..@call[i]))))
}

rule PHP_Webshell_PackedEval : webshell
{
    meta:
        description = "PHP that unpacks a long text and runs it as code"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1027"
        severity = "high"
        score = 80
    strings:
        $call = /\b(eval|assert)\s{0,8}\(\s{0,8}(["']\?>["']\s?\.\s?)?(@?(gzinflate|gzuncompress|gzdecode|str_rot13|base64_decode|strrev|convert_uudecode|rawurldecode|urldecode|hex2bin)\s{0,4}\(\s{0,4}){1,6}["'][A-Za-z0-9+\/=\\%\r\n]{200}/ nocase
    condition:
        filesize < 16MB and $call
}

rule PHP_Webshell_InputCallback : webshell
{
    meta:
        description = "PHP that gives what a request sends to a function that is called by its name"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1505.003"
        severity = "high"
        score = 80
    strings:
        $first = /\b(array_map|call_user_func|call_user_func_array|register_shutdown_function|forward_static_call|create_function)\s{0,4}\(\s{0,4}@?["'](assert|system|passthru|shell_exec|exec|popen|eval|)["']\s{0,4},\s{0,4}[^;\n]{0,60}\$_(GET|POST|REQUEST|COOKIE)/ nocase
        $last = /\b(array_filter|array_walk|usort|uasort|uksort|array_reduce|array_udiff|iterator_apply)\s{0,4}\(\s{0,4}[^;\n]{0,60}\$_(GET|POST|REQUEST|COOKIE)[^;\n]{0,60},\s{0,4}["'](assert|system|passthru|shell_exec|exec|popen)["']/ nocase
        $replace = /\bpreg_replace\s{0,4}\(\s{0,4}["']([\/#~|])[^"'\n]{1,40}([\/#~|])[imsux]{0,4}e[imsux]{0,4}["']\s{0,4},[^;\n]{0,40}\$_(GET|POST|REQUEST|COOKIE)/ nocase
        $named = /\$_(GET|POST|REQUEST|COOKIE)\s{0,2}[\[{]\s{0,2}["']?[A-Za-z0-9_-]{1,32}["']?\s{0,2}[\]}]\s{0,2}\(\s{0,2}@?(base64_decode\s?\(\s?)?\$_(GET|POST|REQUEST|COOKIE)\s{0,2}[\[{]/
        $chosen = /\b(call_user_func|call_user_func_array|array_map|create_function)\s{0,4}\(\s{0,4}@?\$_(GET|POST|REQUEST|COOKIE)\s{0,2}\[[^;\n]{1,40},\s{0,4}[^;\n]{0,40}\$_(GET|POST|REQUEST|COOKIE)/ nocase
    condition:
        filesize < 16MB and any of them
}

rule PHP_Webshell_KnownFamily : webshell
{
    meta:
        description = "PHP with the name of a web shell that is passed around, such as WSO, b374k, c99 or p0wny"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1505.003"
        severity = "critical"
        score = 90
    strings:
        $tag = /<\?(php|=|[ \t\r\n@$])/ nocase
        $wso1 = "WSO_VERSION"
        $wso2 = "'FilesMan'"
        $wso3 = "\"FilesMan\""
        $b374k = "b374k" fullword
        $c99 = "c99shell" nocase
        $r57 = "r57shell" nocase
        $indo = "IndoXploit" nocase
        $alfa = "ALFA TEaM"
        $p0wny = "p0wny@shell"
    condition:
        filesize < 4MB and $tag in (0..4096) and any of ($wso*, $b374k, $c99, $r57, $indo, $alfa, $p0wny) and
        // A list of such names belongs to a program that looks for them.
        not 4 of ($wso1, $b374k, $c99, $r57, $indo, $alfa, $p0wny)
}
