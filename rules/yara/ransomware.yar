// class: text, script

rule Multi_Ransomware_Note : ransomware
{
    meta:
        description = "A note that files were encrypted, with a way to pay for the key"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1486"
        severity = "critical"
        score = 90
    strings:
        $claim = /your[ \t]{1,2}([a-z]{2,12},?[ \t]{1,2}){0,4}(files|data|documents|databases|servers|network|systems)[ \t]([a-z]{2,16},?[ \t]{1,2}){0,6}(have|has|were|was|are|is)[ \t]{1,2}(been[ \t]{1,2})?([a-z]{2,12}[ \t]{1,2}){0,3}encrypted/ nocase
        $offer1 = /decrypt(ion|or|ing)?[ \t]{1,2}(key|tool|software|program|utility|all|your|files|the)/ nocase
        $offer2 = /(recover|restore|return)[ \t]{1,2}(all[ \t]{1,2})?(of[ \t]{1,2})?(your|the)?[ \t]{0,2}(files|data|them)/ nocase
        $pay1 = ".onion"
        $pay2 = "bitcoin" nocase
        $pay3 = "monero" nocase
        $pay4 = "Tor Browser" nocase
        $pay5 = "protonmail" nocase
        $pay6 = "tutanota" nocase
        $pay7 = "onionmail" nocase
        $pay8 = / (BTC|XMR)\b/
        $pay9 = "proton.me"
    condition:
        filesize < 128KB and $claim and any of ($offer*) and any of ($pay*)
}
