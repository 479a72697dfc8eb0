#!/bin/sh
# Writes texts of capabilities, and what cap_to_text(3) makes of each after cap_from_text(3). Needs python3 and libcap.so.2.
set -eu
cd "$(dirname "$0")"
python3 - >texts.txt <<'END'
import ctypes
cap = ctypes.CDLL("libcap.so.2")
cap.cap_from_text.restype = cap.cap_to_text.restype = ctypes.c_void_p
cap.cap_to_text.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
for text in [
    "cap_net_raw=ep", "= cap_net_raw+ep", "cap_net_raw+pe", "CAP_NET_RAW=ep", "=", "", "cap_net_raw,cap_net_admin=ep",
    "= cap_net_admin,cap_net_raw+ep", "cap_chown=p cap_net_raw=ep", "cap_setuid=ep cap_setgid+ep", "all=p", "=p", "=ep cap_net_raw-e",
    "cap_net_raw=eip-i", "cap_net_raw=ep cap_net_raw-e", "13=ep", "cap_net_raw=", "cap_kill=i", "=eip cap_setpcap-eip",
    "cap_chown,cap_kill=ep cap_fowner=p cap_setuid=i", "41+p", "+ep", "cap_none=ep", "cap_net_raw", "cap_net_raw=x", "net_raw=ep",
    "cap_net_raw,=ep", "all+ep", "64+p", "cap_net_raw==ep", "cap_bpf=ep", "=p cap_bpf+e cap_perfmon-p"]:
    it = cap.cap_from_text(text.encode())
    print(text, ctypes.string_at(cap.cap_to_text(it, None)).decode() if it else "invalid", sep="\t")
END
