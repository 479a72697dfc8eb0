// class: elf, pe

rule Multi_HackTool_Sliver : hacktool
{
    meta:
        description = "An implant or server of Sliver, which steers machines from afar"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "https://github.com/BishopFox/sliver"
        severity = "high"
        score = 85
    strings:
        $path1 = "github.com/bishopfox/sliver/implant/"
        $path2 = "github.com/bishopfox/sliver/protobuf/"
        $path3 = "github.com/bishopfox/sliver/server/"
        $name = "sliverpb."
    condition:
        any of ($path*) or #name > 20
}

rule Multi_HackTool_Mettle : hacktool
{
    meta:
        description = "Mettle, the payload of Metasploit for Linux and other systems"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "https://github.com/rapid7/mettle"
        severity = "high"
        score = 85
    strings:
        $channel = "core_channel_open"
        $part1 = "mettle"
        $part2 = "stdapi_fs_"
        $part3 = "stdapi_sys_process_"
    condition:
        $channel and any of ($part*)
}

rule Multi_HackTool_Havoc : hacktool
{
    meta:
        description = "The server of Havoc, which steers machines from afar"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "https://github.com/HavocFramework/Havoc"
        severity = "high"
        score = 80
    strings:
        $path1 = "Havoc/pkg/agent"
        $path2 = "Havoc/pkg/handlers"
        $path3 = "Havoc/cmd/server"
    condition:
        2 of them
}

rule Multi_HackTool_Chisel : hacktool tunnel
{
    meta:
        description = "chisel, which tunnels connections through HTTP"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "https://github.com/jpillora/chisel"
        severity = "high"
        score = 75
    strings:
        $protocol = "chisel-v3"
        $path = "jpillora/chisel"
    condition:
        all of them
}

rule Multi_HackTool_ReverseProxy : hacktool tunnel
{
    meta:
        description = "frp or gost, which open a way into a network from the inside"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1090"
        severity = "high"
        score = 70
    strings:
        $frp = "github.com/fatedier/frp/"
        $gost1 = "github.com/go-gost/"
        $gost2 = "github.com/ginuerzh/gost"
    condition:
        #frp > 10 or #gost1 > 10 or #gost2 > 10
}

rule Multi_HackTool_NetworkScan : hacktool
{
    meta:
        description = "masscan or hydra, which look for open ports and guess passwords"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1046"
        severity = "medium"
        score = 55
    strings:
        $masscan1 = "masscan"
        $masscan2 = "adapter-ip"
        $masscan3 = "excludefile"
        $masscan4 = "randomize-hosts"
        $hydra1 = "hydra.restore"
        $hydra2 = "van Hauser"
        $hydra3 = "HYDRA_PROXY"
    condition:
        all of ($masscan*) or all of ($hydra*)
}
