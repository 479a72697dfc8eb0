// class: text, script

rule Multi_Miner_Config : miner
{
    meta:
        description = "The configuration of an XMRig miner: its pools and its share for the authors"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1496"
        severity = "high"
        score = 80
    strings:
        $donate = /["']?donate-level["']?[ \t]{0,4}[:=]/
        $pools = "\"pools\""
        $url = "\"url\""
        $randomx = "\"randomx\""
        $stratum = /stratum\+(tcp|ssl|tls):\/\/[A-Za-z0-9]/
    condition:
        filesize < 256KB and $donate and (($pools and $url) or $randomx or $stratum)
}

rule Script_Miner_StratumURL : miner
{
    meta:
        description = "A script or configuration that names a mining pool by its stratum address"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1496"
        severity = "high"
        score = 75
    strings:
        $url = /stratum[12]?\+(tcp|ssl|tls|udp):\/\/[A-Za-z0-9][A-Za-z0-9.-]{3,80}:[0-9]{2,5}/
        $sample = /stratum[12]?\+(tcp|ssl|tls|udp):\/\/([a-z]{1,12}\.)?example\.(com|org|net):/
    condition:
        filesize < 1MB and #url > #sample
}

rule Script_Miner_PoolDomain : miner
{
    meta:
        description = "A script that names the domain of a public mining pool for Monero"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1496"
        severity = "high"
        score = 75
    strings:
        $pool1 = "supportxmr.com"
        $pool2 = "nanopool.org"
        $pool3 = "moneroocean.stream"
        $pool4 = "c3pool.com"
        $pool5 = "c3pool.org"
        $pool6 = "hashvault.pro"
        $pool7 = "minexmr.com"
        $pool8 = "xmrpool.eu"
    condition:
        uint16(0) == 0x2123 and filesize < 1MB and any of them
}
