# Makes lines of path, owner and group of what ntfssecaudit -r prints.
/^(File|Directory) \// { path = $0; sub(/^(File|Directory) /, "", path); sub(/ : .*/, "", path) }
/^Windows owner / { owner = $3 }
/^Windows group / { print path "\t" owner "\t" $3 }
