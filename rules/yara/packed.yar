// class: elf

rule Linux_Packed_UPX : packed
{
    meta:
        description = "A program that is packed with UPX, which hides what it is"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1027.002"
        severity = "low"
        score = 35
        score_unowned = 75
    strings:
        $magic = "UPX!"
        $line = "$Info: This file is packed with the UPX executable packer"
    condition:
        ($magic in (0..512) and $magic in (filesize - 64..filesize)) or $line
}

rule Linux_Packed_NoSections : packed
{
    meta:
        description = "A program without a table of sections, as packers and droppers make them"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1027"
        severity = "low"
        score = 30
        score_unowned = 75
    condition:
        filesize < 10MB and
        (uint16(16) == 2 or uint16(16) == 3 or uint16be(16) == 2 or uint16be(16) == 3) and
        ((uint8(4) == 2 and uint16(60) == 0) or (uint8(4) == 1 and uint16(48) == 0))
}
