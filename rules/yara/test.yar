// class: text, other

rule Test_EICAR : test
{
    meta:
        description = "The test file of EICAR, which every scanner reports and which does no harm"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "https://www.eicar.org/download-anti-malware-testfile/"
        severity = "high"
        score = 75
    strings:
        $name = "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    condition:
        filesize < 1KB and uint32(0) == 0x214f3558 and $name at 27
}
