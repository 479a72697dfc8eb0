// class: elf

rule Linux_Trojan_Kinsing : trojan miner
{
    meta:
        description = "Kinsing, which spreads over servers and mines on them"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK S0599"
        severity = "critical"
        score = 95
    strings:
        $miner = "kdevtmpfsi"
        $part1 = "masscan"
        $part2 = "backconnect"
        $part3 = "main.getT"
    condition:
        $miner and any of ($part*)
}

rule Linux_Botnet_Mirai : botnet
{
    meta:
        description = "Mirai or a descendant, which guesses passwords of devices and floods targets"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1498"
        severity = "critical"
        score = 95
    strings:
        $watchdog1 = "/dev/watchdog"
        $watchdog2 = "/dev/misc/watchdog"
        $word1 = "xc3511"
        $word2 = "vizxv"
        // A key for each of 256 values makes every file slow: these are the default one and two of descendants.
        $word3 = "xc3511" xor(0x22)
        $word4 = "vizxv" xor(0x22)
        $word5 = "xc3511" xor(0x45)
        $word6 = "vizxv" xor(0x45)
        $word7 = "xc3511" xor(0x54)
        $word8 = "vizxv" xor(0x54)
    condition:
        filesize < 4MB and all of ($watchdog*) and any of ($word*)
}

rule Linux_Botnet_Gafgyt : botnet
{
    meta:
        description = "Gafgyt or a descendant, which takes commands to flood targets"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1498"
        severity = "critical"
        score = 90
    strings:
        $query = "TSource Engine Query"
        $flood1 = "HTTPFLOOD"
        $flood2 = "UDPFLOOD"
        $flood3 = "TCPFLOOD"
        $flood4 = "STDFLOOD"
        $flood5 = "udpflood" nocase
        $flood6 = "vseattack" nocase
        $flood7 = "udpplain"
        $command1 = "KILLATTK"
        $command2 = "BOTKILL"
        $command3 = "GETLOCALIP"
        $command4 = "LOLNOGTFO"
    condition:
        filesize < 4MB and
        (($query and (2 of ($flood*) or any of ($command*))) or 3 of ($command*))
}

rule Linux_Botnet_XorDDoS : botnet
{
    meta:
        description = "XorDDoS, which floods targets and comes back through cron"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1498"
        severity = "critical"
        score = 95
    strings:
        $key = "BB2FA36AAA9541F0"
        $trace1 = "/var/run/gcc.pid"
        $trace2 = "/lib/libudev.so.6"
        $trace3 = "/etc/cron.hourly/"
        $trace4 = "/var/run/sftp.pid"
        $trace5 = "/lib/libudev4.so"
    condition:
        filesize < 4MB and ($key or 3 of ($trace*))
}

rule Linux_Botnet_Tsunami : botnet
{
    meta:
        description = "Tsunami or Kaiten, which takes commands to flood targets over IRC"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1498"
        severity = "critical"
        score = 95
    strings:
        $help1 = "TSUNAMI <target>"
        $help2 = "UNKNOWN <target>"
        $help3 = "PAN <target>"
        $irc1 = "NOTICE %s :"
        $irc2 = "PRIVMSG %s :"
    condition:
        filesize < 4MB and any of ($help*) and any of ($irc*)
}
