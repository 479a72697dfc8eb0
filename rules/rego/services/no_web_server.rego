# METADATA
# title: No web server starts
# description: >-
#   A web server is the first thing that is attacked, and belongs on machines that are meant for it: there, take its name out of
#   the parameter. A service that is installed and that neither boot nor a trigger starts is not in use.
# custom:
#   id: services-no-web-server
#   severity: medium
#   facts: [packages, units]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SVC-007]
#     ssg: [package_httpd_removed, service_httpd_disabled, package_nginx_removed, service_nginx_disabled]
#     cis_debian12: ["2.1.18"]
#     cis_ubuntu2204: ["2.1.18"]
#     cis_rhel9: ["2.1.18"]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#   params:
#     services: {type: array, default: [apache2, httpd, nginx, lighttpd, caddy], doc: names of services that may not start}
#   remediation: >-
#     Remove the server, as with "apt purge apache2 nginx" or "dnf remove httpd nginx", or run "systemctl mask --now" with the
#     name of its unit.
package guestctl.services.no_web_server

import data.guestctl.lib.services
import data.guestctl.params

deny contains finding if some finding in services.in_use(input.units, input.packages, params["services-no-web-server"].services)
