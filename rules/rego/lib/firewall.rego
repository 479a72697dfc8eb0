# What the checks of firewalls share.
package guestctl.lib.firewall

names := ["nftables", "ufw", "iptables", "firewalld"]

# shown lists firewalls in words.
shown(active) := concat(" and ", active) if count(active) > 0

shown(active) := "no firewall" if count(active) == 0
