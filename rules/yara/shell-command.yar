// class: text, script, elf, other
//
// Commands that a shell would run, wherever they stand: a script, a crontab, the history of a shell, a program.

rule Script_Backdoor_BashReverseShell : backdoor
{
    meta:
        description = "A shell whose input and output are a network connection, through /dev/tcp of bash"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1059.004"
        severity = "high"
        score = 85
    strings:
        $tcp = /sh -i[ \t]{0,4}([0-9]?>&|&>|[0-9]?<>|[0-9]?>)[ \t]{0,4}\/dev\/tcp\/[A-Za-z0-9]/
        $udp = /sh -i[ \t]{0,4}([0-9]?>&|&>|[0-9]?<>|[0-9]?>)[ \t]{0,4}\/dev\/udp\/[A-Za-z0-9]/
        $exec = /exec[ \t]{1,4}[0-9]{1,3}[ \t]{0,2}<>[ \t]{0,2}\/dev\/tcp\/[A-Za-z0-9][A-Za-z0-9.-]{1,80}\/[0-9]{1,5}/
        $join1 = /sh[ \t]{0,2}(-i[ \t]{1,2})?<&[ \t]?[0-9]{1,3}[ \t]{1,2}[12]?>&[ \t]?[0-9]{1,3}/
        $join2 = /<&[ \t]?[0-9]{1,3}[ \t]{0,2}\|[ \t]{0,2}while read [A-Za-z_]{1,12};[ \t]{0,2}do \$/
        $encoded = "bash -i >& /dev/tcp/" base64
    condition:
        $tcp or $udp or $encoded or ($exec and any of ($join*))
}

rule Script_Backdoor_NetcatShell : backdoor
{
    meta:
        description = "A shell that is offered on the network by netcat, openssl, telnet or socat"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1059.004"
        severity = "high"
        score = 80
    strings:
        $exec = /\b(nc|ncat|netcat|nc\.traditional)[ \t]([A-Za-z0-9.$_{}:-]{1,60}[ \t]{1,2}){0,6}(-[a-z]{0,4}[ec]|--(sh-)?exec)[ \t=]{1,2}["']?((\/usr)?\/bin\/)?(ba|da|z|k|a)?sh\b/
        $pipe = /sh -i( <[ ]?[A-Za-z0-9\/._-]{1,60})? 2>&1[ \t]?\|[ \t]?(\/[a-z\/]{1,16}\/)?(nc|ncat|netcat|telnet|openssl s_client)[ \t]/
        $local = /sh -i 2>&1[ \t]?\|[ \t]?(nc|ncat|netcat) -l[a-z]{0,3} (127\.|localhost)/
        $socat = /exec:["'](\/bin\/)?(ba)?sh( -li| -i)?["'],pty,stderr,setsid/ nocase
    condition:
        $exec or $socat or #pipe > #local
}

rule Script_Dropper_SetuidShell : dropper
{
    meta:
        description = "A command that makes a program in a directory for temporary files run as its owner"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1548.001"
        severity = "medium"
        score = 60
    strings:
        $mode = /chmod[ \t]{1,4}(0?[4-7][0-7]{3}|[ugoa]{0,4}\+[rwx]{0,3}s[rwx]{0,3})[ \t]{1,4}["']?(\/tmp|\/dev\/shm|\/var\/tmp)\/[A-Za-z0-9._]/
        $copy = /cp[ \t]{1,4}(\/usr)?\/bin\/(ba|da|z|k)?sh[ \t]{1,4}["']?(\/tmp|\/dev\/shm|\/var\/tmp)\/[A-Za-z0-9._]/
        $setuid = /chmod[ \t]{1,4}(0?[4-7][0-7]{3}|[ugoa]{0,4}\+[rwx]{0,3}s)/
    condition:
        $mode or ($copy and $setuid)
}

rule Script_Dropper_Base64Pipe : dropper
{
    meta:
        description = "A long text in base64 that is decoded straight into a shell or another interpreter"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1140"
        severity = "high"
        score = 80
    strings:
        $pipe = /[A-Za-z0-9+\/=\\]{80}["']?[ \t]{0,4}\|[ \t]{0,4}(\/usr)?(\/bin\/)?base64[ \t]{1,4}(-d|-D|-di|-id|--decode)[ \t]{0,4}\|[ \t]{0,4}(sudo[ \t]{1,4})?(\/usr)?(\/bin\/)?(env[ \t]{1,4})?((ba|da|z|k|a)?sh|python[23]?|perl|php)/
        $braces = /\{echo,[A-Za-z0-9+\/=]{32,4000}\}\|\{base64,-d\}\|\{(ba)?sh/
        $string = /base64[ \t]{1,4}(-d|-D|--decode)[ \t]{0,4}<<<[ \t]{0,4}["']?[A-Za-z0-9+\/=]{80,4000}["']?[ \t]{0,4}\|[ \t]{0,4}(ba|da|z|k|a)?sh/
    condition:
        any of them
}
