// class: text, script
//
// What makes these files matter is where they are.

rule Linux_Persistence_LdSoPreload : persistence rootkit
{
    meta:
        description = "ld.so.preload names a library that every program will load"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1574.006"
        severity = "critical"
        score = 90
    strings:
        $library = /\/[A-Za-z0-9._${}-]{1,80}\.so\b/
        $known = /\/(libarmmem-\$\{PLATFORM\}|libarmmem|liboneagentproc|libsnoopy|libjemalloc|libtcmalloc|libtcmalloc_minimal|libeatmydata)\.so\b/
    condition:
        filepath endswith "/etc/ld.so.preload" and filesize < 64KB and #library > #known
}

rule Linux_Persistence_StartupFile : persistence
{
    meta:
        description = "A file that runs at login or at boot fetches and runs a program, or starts one from a directory for temporary files"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1546.004"
        severity = "high"
        score = 75
    strings:
        $fetch = /(curl|wget)[ \t][^\n|#]{1,300}\|[ \t]{0,4}(sudo[ \t]{1,4})?(\/usr)?(\/bin\/)?((ba|da|z|k|a)?sh|python[23]?|perl)\b/
        $inside = /sh[ \t]{1,4}(-c[ \t]{1,4}["']?\$\(|<\()[ \t]?(curl|wget)[ \t]/
        $start = /(nohup|setsid)[ \t]{1,4}["']?(\/tmp|\/dev\/shm|\/var\/tmp)\/[A-Za-z0-9._]/
        $hidden = /(\/tmp|\/dev\/shm|\/var\/tmp)\/\.[A-Za-z0-9_-][^ \t\n"';]{0,100}([ \t]{1,4}[^\n&;]{0,80})?&[ \t]{0,4}\n/
        $network = /sh -i[ \t]{0,4}([0-9]?>&|&>)[ \t]{0,4}\/dev\/tcp\//
    condition:
        (filename == ".bashrc" or filename == ".bash_profile" or filename == ".bash_login" or filename == ".profile" or
        filename == ".bash_logout" or filename == ".zshrc" or filename == ".zshenv" or filename == ".zprofile" or
        filename == "bash.bashrc" or filename == "rc.local" or filepath endswith "/etc/profile" or filepath endswith "/etc/environment" or
        filepath contains "/etc/profile.d/" or filepath contains "/etc/init.d/" or filepath contains "/etc/update-motd.d/" or
        filepath contains "/etc/X11/Xsession.d/" or filepath contains "/etc/network/if-up.d/") and
        filesize < 1MB and any of them
}
