umask 077
[ -n "$PS1" ] && umask u=rwx,g=rx,o=rx
