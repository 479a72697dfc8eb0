// class: text, script

rule Linux_Persistence_AuthorizedKeysCommand : persistence
{
    meta:
        description = "A key for SSH that runs a program out of a directory for temporary files, or fetches one, at each login"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1098.004"
        severity = "medium"
        score = 65
    strings:
        $key = /command="([^"\n\\]|\\"){0,200}(\/tmp\/|\/dev\/shm\/|\/var\/tmp\/|curl |wget |base64 )([^"\n\\]|\\"){0,400}"[^\n]{0,200} (ssh-(rsa|ed25519|dss)|ecdsa-sha2-|sk-)/
    condition:
        filesize < 1MB and $key
}

rule Linux_Persistence_CronDownload : persistence
{
    meta:
        description = "A line of a crontab that fetches a script and runs it"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1053.003"
        severity = "high"
        score = 80
    strings:
        $fields = /(^|[\n"'])[ \t]{0,4}([0-9*][0-9*,\/-]{0,30}[ \t]{1,8}){5}[^\n#]{0,200}(curl|wget|lwp-download|fetch)[ \t][^\n]{1,300}\|[ \t]{0,4}(sudo[ \t]{1,4})?(\/usr)?(\/bin\/)?((ba|da|z|k|a)?sh|python[23]?|perl)\b/
        $saved = /(^|[\n"'])[ \t]{0,4}([0-9*][0-9*,\/-]{0,30}[ \t]{1,8}){5}[^\n#]{0,200}(curl|wget)[ \t][^\n]{1,200}chmod[ \t]/
        $inside = /(^|[\n"'])[ \t]{0,4}([0-9*][0-9*,\/-]{0,30}[ \t]{1,8}){5}[^\n#]{0,100}sh[ \t]{1,4}(-c[ \t]{1,4}["']?\$\(|<\()[ \t]?(curl|wget)[ \t]/
        $nickname = /(^|[\n"'])[ \t]{0,4}@(reboot|hourly|daily|weekly|monthly|yearly|annually|midnight)[ \t][^\n#]{0,200}(curl|wget|lwp-download|fetch)[ \t][^\n]{1,300}\|[ \t]{0,4}(sudo[ \t]{1,4})?(\/usr)?(\/bin\/)?((ba|da|z|k|a)?sh|python[23]?|perl)\b/
    condition:
        filesize < 1MB and any of them
}

rule Linux_Persistence_CronTemporary : persistence
{
    meta:
        description = "A line of a crontab that runs a program in a directory for temporary files, at boot or under a hidden name"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1053.003"
        severity = "high"
        score = 75
    strings:
        $reboot = /(^|[\n"'])[ \t]{0,4}@reboot[ \t]{1,8}([a-z_][a-z0-9_-]{0,31}[ \t]{1,8})?(nohup[ \t]{1,4}|setsid[ \t]{1,4}|(\/usr)?(\/bin\/)?(ba|da|z)?sh[ \t]{1,4}){0,2}(\/tmp|\/dev\/shm|\/var\/tmp)\/[A-Za-z0-9._]/
        $hidden = /(^|[\n"'])[ \t]{0,4}([0-9*][0-9*,\/-]{0,30}[ \t]{1,8}){5}[^\n#]{0,120}(\/tmp|\/dev\/shm|\/var\/tmp|\/var\/run|\/run)\/\.[A-Za-z0-9_-]/
    condition:
        filesize < 1MB and any of them
}

rule Linux_Persistence_SystemdUnit : persistence
{
    meta:
        description = "A unit of systemd that runs a program from a directory for temporary files or a hidden one, or fetches and runs one"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1543.002"
        severity = "high"
        score = 75
    strings:
        $section = "[Service]"
        $program = /\nExec(Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)[ \t]{0,2}=[ \t]{0,4}[@:+!-]{0,4}((\/usr)?\/bin\/(env[ \t]{1,4})?(ba|da|z|k|a)?sh[ \t]{1,4}(-[a-z]{1,4}[ \t]{1,4})?["']?)?(nohup[ \t]{1,4}|exec[ \t]{1,4})?(\/tmp|\/dev\/shm|\/var\/tmp)\/[A-Za-z0-9._]/
        $hidden = /\nExec(Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)[ \t]{0,2}=[ \t]{0,4}[@:+!-]{0,4}(\/usr|\/lib|\/lib64|\/bin|\/sbin|\/etc|\/dev|\/run|\/var\/(run|log|spool|cache|lock|mail|backups))(\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,40}){0,6}\/\.[A-Za-z0-9._-]{1,60}/
        $usual = /\nExec(Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)[ \t]{0,2}=[ \t]{0,4}[@:+!-]{0,4}\/[A-Za-z0-9._\/-]{0,200}\/\.(bin|venv|virtualenv|env|local|cargo|nvm|npm|rbenv|pyenv|dotnet)\//
        $fetch = /\nExec(Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)[ \t]{0,2}=[^\n]{1,200}(curl|wget)[ \t][^\n|]{1,300}\|[ \t]{0,4}(\/usr)?(\/bin\/)?((ba|da|z|k|a)?sh|python[23]?|perl)\b/
        $inside = /\nExec(Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)[ \t]{0,2}=[^\n]{1,100}sh[ \t]{1,4}(-c[ \t]{1,4}["']?\$\(|<\()[ \t]?(curl|wget)[ \t]/
        $decode = /\nExec(Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)[ \t]{0,2}=[^\n]{1,4000}base64[ \t]{1,4}(-d|-D|--decode)/
        $network = /\nExec(Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)[ \t]{0,2}=[^\n]{1,200}\/dev\/(tcp|udp)\/[A-Za-z0-9]/
    condition:
        filesize < 256KB and $section and
        ($program or $fetch or $inside or $decode or $network or #hidden > #usual)
}

rule Linux_Persistence_ExtraRoot : persistence
{
    meta:
        description = "A file of accounts in which another account than root has the user id 0"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1136.001"
        severity = "high"
        score = 75
    strings:
        $root = /root:[^:\n]{0,120}:0:0:/
        $other = /\n[A-Za-z_.][^:\n]{0,31}:[^:\n]{0,120}:0{1,8}:[0-9]{1,6}:[^:\n]{0,200}:[^:\n]{0,200}:\//
    condition:
        filesize < 4MB and $root at 0 and $other
}
