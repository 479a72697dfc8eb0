# What checks of cron share.
package guestctl.lib.cron

# packages are those that bring a cron.
packages := ["cron", "cronie", "systemd-cron", "bcron", "dcron", "fcron", "vixie-cron"]
