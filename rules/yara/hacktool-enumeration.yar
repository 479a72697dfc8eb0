// class: script, text, elf

rule Linux_HackTool_LinPEAS : hacktool
{
    meta:
        description = "LinPEAS, which looks for ways to become root"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "https://github.com/peass-ng/PEASS-ng"
        severity = "medium"
        score = 60
    strings:
        $name1 = "linpeas"
        $name2 = "PEASS-ng"
        $name3 = "carlospolop"
    condition:
        (uint32(0) == 0x464c457f or uint16(0) == 0x2123) and 2 of them
}

rule Linux_HackTool_Pspy : hacktool
{
    meta:
        description = "pspy, which watches the processes of others without rights"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "https://github.com/DominicBreuker/pspy"
        severity = "medium"
        score = 60
    strings:
        $path = "dominicbreuker/pspy"
    condition:
        uint32(0) == 0x464c457f and $path
}

rule Linux_HackTool_ExploitSuggester : hacktool
{
    meta:
        description = "A script that lists the exploits a kernel may fall to"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1068"
        severity = "medium"
        score = 60
    strings:
        $name = "linux-exploit-suggester"
        $list = /\[?CVE-20[0-2][0-9]-[0-9]{4,5}\]?/
    condition:
        uint16(0) == 0x2123 and filesize < 1MB and $name and #list > 10
}
