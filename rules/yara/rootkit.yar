// class: elf

rule Linux_Rootkit_PreloadLibrary : rootkit
{
    meta:
        description = "A library that takes the place of functions of libc to hide files and connections from every program"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1574.006"
        severity = "critical"
        score = 90
    strings:
        $preload = "ld.so.preload"
        $dlsym = "dlsym"
        $hook1 = "readdir64"
        $hook2 = "fopen64"
        $hook3 = "__xstat"
        $hook4 = "pam_authenticate"
        $hook5 = "__lxstat64"
        $net = "/proc/net/tcp"
    condition:
        filesize < 2MB and (uint16(16) == 3 or uint16be(16) == 3) and
        $preload and $net and $dlsym and 2 of ($hook*)
}

rule Linux_Rootkit_KnownFamily : rootkit
{
    meta:
        description = "A program, library or module with the names that a published rootkit has, such as Diamorphine or Reptile"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1014"
        severity = "critical"
        score = 95
    strings:
        $diamorphine1 = "diamorphine_init"
        $diamorphine2 = "\x00name=diamorphine\x00"
        $reptile1 = "reptile_module"
        $reptile2 = "/reptile/reptile_"
        $reptile3 = "\x00name=reptile\x00"
        $jynx1 = "/XxJynx"
        $jynx2 = "jynx2.so"
        $hider1 = "libprocesshider"
        $hider2 = "process_to_filter"
        $brokepkg = "\x00name=brokepkg\x00"
        $suterusu1 = "suterusu_"
        $suterusu2 = "\x00name=suterusu\x00"
        $azazel = "azazel_init"
        $bedevil1 = "bdvinstall"
        $bedevil2 = "bdvcleanse"
        $readdir = "readdir"
        $vermagic = "vermagic="
    condition:
        any of ($diamorphine*, $reptile*, $jynx*, $brokepkg, $azazel, $suterusu2) or
        ($hider1 and $hider2) or ($hider2 and $readdir and filesize < 256KB) or
        ($suterusu1 and $vermagic) or all of ($bedevil*)
}

rule Linux_Rootkit_HidingModule : rootkit
{
    meta:
        description = "A kernel module that hides files or processes and gives the rights of root"
        author = "guestctl"
        licence = "Apache-2.0"
        reference = "ATT&CK T1014"
        severity = "critical"
        score = 90
    strings:
        $vermagic = "vermagic="
        $getdents = "getdents64"
        $table1 = "sys_call_table"
        $table2 = "kallsyms_lookup_name"
        $table3 = "ftrace_set_filter_ip"
        $root = "give_root"
        $creds = "prepare_creds"
        $hide1 = "hide_module"
        $hide2 = "module_hide"
        $hide3 = "hide_pid"
        $hide4 = "hide_file"
        $hide5 = "hide_proc"
        $hide6 = "is_invisible"
        $hide7 = "is_hidden"
        $hide8 = "hideme"
        $hide9 = "hidden_pid"
    condition:
        filesize < 8MB and (uint16(16) == 1 or uint16be(16) == 1) and
        $vermagic and $getdents and any of ($table*) and ($root or ($creds and any of ($hide*)))
}
