// class: elf

rule Linux_Backdoor_BPFDoor : backdoor
{
    meta:
        description = "BPFDoor, a backdoor that waits for a magic packet behind a packet filter"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1205.002"
        severity = "critical"
        score = 95
    strings:
        $history = "HISTFILE=/dev/null"
        $mysql = "MYSQL_HISTFILE=/dev/null"
        $path1 = "/dev/shm/kdmtmpflush"
        $path2 = "/var/run/haldrund.pid"
    condition:
        filesize < 16MB and (any of ($path*) or ($mysql and #history > #mysql))
}

rule Linux_Backdoor_PAMLogger : backdoor
{
    meta:
        description = "A module of PAM that writes names and passwords into a file"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1556.003"
        severity = "critical"
        score = 90
        unless = "shipped"
    strings:
        $module = "pam_sm_authenticate"
        $program = "pam_start"
        $open = "fopen"
        $path = /\/(tmp|dev\/shm|var\/tmp|var\/log|var\/lib|var\/run|run|usr\/(include|share|lib|bin|local)|etc|lib|opt)\/[A-Za-z0-9._][A-Za-z0-9._\/-]{1,80}\x00/
        $format = /(user(name)?|login|usr|account|name|id)[ \t]{0,2}[:=]?[ \t]{0,2}%s[^\x00%]{0,16}(pass(word|wd)?|pwd|pw)[ \t]{0,2}[:=]?[ \t]{0,2}%s/ nocase
    condition:
        filesize < 2MB and (uint16(16) == 3 or uint16be(16) == 3) and
        $module and not $program and $open and $path and $format
}

rule Linux_Backdoor_SSHDLogger : backdoor
{
    meta:
        description = "A server of OpenSSH that was changed to write down the passwords of those who log in"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1554"
        severity = "critical"
        score = 90
    strings:
        $version = "OpenSSH_"
        $server = "sshd"
        $format = /(user(name)?|login|usr|account)[ \t]{0,2}[:=]?[ \t]{0,2}%s[^\x00%]{0,16}(pass(word|wd)?|pwd|pw)[ \t]{0,2}[:=]?[ \t]{0,2}%s/ nocase
    condition:
        filesize < 16MB and $version and $server and $format
}
