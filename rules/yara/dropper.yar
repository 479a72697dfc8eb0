// class: script, text

rule Linux_Dropper_CompetitorKill : dropper miner
{
    meta:
        description = "A script that ends the miners of others before it fetches its own"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1496"
        severity = "high"
        score = 85
    strings:
        $rival1 = "kinsing"
        $rival2 = "kdevtmpfsi"
        $rival3 = "kworkerds"
        $rival4 = "watchbog"
        $rival5 = "masscan"
        $rival6 = /p?kill(all)?[ \t]{1,2}(-9[ \t]{1,2})?(-f[ \t]{1,2})?xmr/
        $rival7 = "kthreaddi"
        $rival8 = "sustes"
        $rival9 = "ddgs."
        $kill1 = "pkill"
        $kill2 = "kill -9"
        $kill3 = "killall"
        $act1 = /(curl|wget)[ \t][^\n]{0,120}https?:\/\//
        $act2 = "chattr -i"
        $act3 = /chmod[ \t]{1,4}(\+x|777|755|0777)/
    condition:
        filesize < 1MB and 2 of ($rival*) and any of ($kill*) and 2 of ($act*)
}

rule Linux_Dropper_CloudAgentRemoval : dropper
{
    meta:
        description = "A script that removes the security agents of cloud providers"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1562.001"
        severity = "high"
        score = 80
    strings:
        $alibaba1 = "AliYunDun"
        $alibaba2 = "aliyun.one"
        $alibaba3 = "aegis.aliyun.com"
        $alibaba4 = "/usr/local/aegis"
        $tencent1 = "YunJing"
        $tencent2 = "/usr/local/qcloud"
        $remove1 = "uninst.sh"
        $remove2 = "uninstall.sh"
        $remove3 = "quartz_uninstall"
        $force1 = "chattr -i"
        $force2 = "pkill"
        $force3 = "kill -9"
        $force4 = "killall"
    condition:
        filesize < 1MB and
        ((any of ($alibaba*) and any of ($tencent*) and (any of ($remove*) or $force1)) or
        ($alibaba1 and any of ($remove*) and any of ($force*)) or
        ($alibaba2 and any of ($force*)))
}
