// class: text, script

rule Script_Backdoor_PythonReverseShell : backdoor
{
    meta:
        description = "Python that connects to a host and makes the connection the input and output of a shell"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1059.006"
        severity = "high"
        score = 85
    strings:
        $socket = "socket.socket("
        $connect = /\.connect\([ \t]{0,2}\(/
        $dup = /dup2\([ \t]{0,2}[A-Za-z_]{1,16}\.fileno\([ \t]{0,2}\)/
        $shell1 = "pty.spawn("
        $shell2 = /(call|Popen|run|system|execl|execv|execve|execvp)\([ \t]{0,2}\[?[ \t]{0,2}["'](\/usr)?(\/bin\/)(ba|da|z|k|a)?sh["']/
        $shell3 = /(call|Popen|run)\([ \t]{0,2}\[[ \t]{0,2}["'](ba)?sh["'],[ \t]{0,2}["']-i["']/
    condition:
        filesize < 256KB and $socket and $connect and $dup and any of ($shell*)
}

rule Script_Backdoor_PerlReverseShell : backdoor
{
    meta:
        description = "Perl that connects to a host and makes the connection the input and output of a shell"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1059"
        severity = "high"
        score = 85
    strings:
        $socket = /socket[ \t]{0,2}\([ \t]{0,2}[A-Z]{1,16}[ \t]{0,2},[ \t]{0,2}(&?PF_INET|AF_INET)[ \t]{0,2},[ \t]{0,2}&?SOCK_STREAM/
        $stdin = /open[ \t]{0,2}\([ \t]{0,2}STDIN[ \t]{0,2},[ \t]{0,2}["'][<>+]{0,2}&[ \t]{0,2}[A-Z]/
        $shell = /(exec|system)[ \t]{0,2}[({]?[ \t]{0,2}[{]?[ \t]{0,2}["'](\/usr)?\/bin\/(ba|da|z|k|a)?sh/
        $object = "IO::Socket::INET"
        $fdopen1 = /STDIN->fdopen\(\$[a-z]{1,8},[ \t]{0,2}["']?r/
        $fdopen2 = /system[ \t]{0,2}\$_[ \t]{0,2}while[ \t]{0,2}\(?<>/
    condition:
        filesize < 256KB and
        (($socket and $stdin and $shell) or ($object and $fdopen1 and $fdopen2))
}
