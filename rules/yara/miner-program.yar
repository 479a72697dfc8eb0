// class: elf, pe

rule Multi_Miner_XMRig : miner
{
    meta:
        description = "A build of XMRig or of one of its descendants, which mines cryptocurrency"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1496"
        severity = "high"
        score = 85
    strings:
        $donate = "donate-level"
        $name1 = "xmrig"
        $name2 = "XMRig"
        $mining1 = "randomx"
        $mining2 = "cryptonight"
        $mining3 = "stratum+tcp://"
        $mining4 = "stratum+ssl://"
        $mining5 = "--coin="
        $mining6 = "nicehash"
        $mining7 = "rig-id"
    condition:
        $donate and
        ((any of ($name*) and 2 of ($mining*)) or 4 of ($mining*))
}
