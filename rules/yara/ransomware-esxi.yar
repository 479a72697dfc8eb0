// class: elf, script, text

rule Linux_Ransomware_ESXi : ransomware
{
    meta:
        description = "A program or script that stops the virtual machines of a host and encrypts their disks"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1486"
        severity = "critical"
        score = 90
    strings:
        $stop1 = "vm process kill"
        $stop2 = "vim-cmd vmsvc"
        $stop3 = "vm process list"
        $where = "/vmfs/volumes"
        $disk = ".vmdk"
        $encrypt = "encrypt" nocase
        $note1 = "README"
        $note2 = "ransom" nocase
        $note3 = ".onion"
        $note4 = "How to Restore" nocase
        $note5 = /chmod[ \t]{1,4}\+x[ \t]{1,4}[A-Za-z0-9._\/$-]{0,80}encrypt/
    condition:
        filesize < 16MB and $where and any of ($stop*) and $disk and $encrypt and
        (uint32(0) == 0x464c457f or any of ($note2, $note3, $note4, $note5) or ($note1 and $stop1))
}
