# METADATA
# title: No credentials of the build are left
# description: >-
#   Private keys, tokens and passwords that the build used are readable by everybody who gets the image, and by root of every
#   machine that is made from it. Judged are the places where common tools keep them, in homes, in the directories of services
#   and of Kubernetes; what is in a file is not looked at.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=IA-5
# custom:
#   id: hygiene-build-credentials
#   severity: critical
#   facts: [homes, ssh_keys.private]
#   globs:
#     - /etc/kubernetes/*.conf
#     - /etc/rancher/*/*.yaml
#     - /opt/*/.aws/credentials
#     - /opt/*/.docker/config.json
#     - /opt/*/.netrc
#     - /srv/*/.aws/credentials
#     - /srv/*/.docker/config.json
#     - /srv/*/.netrc
#     - /var/lib/*/.aws/credentials
#     - /var/lib/*/.docker/config.json
#     - /var/lib/*/.git-credentials
#     - /var/lib/*/.kube/config
#     - /var/lib/*/.netrc
#     - /var/lib/*/.npmrc
#   controls:
#     ref: [GI-006]
#     nist_800_53: [IA-5(7)]
#   params:
#     names:
#       type: array
#       default:
#         - .aws/credentials
#         - .azure/*Token*
#         - .azure/*token*
#         - .azure/service_principal_entries*
#         - .boto
#         - .cargo/credentials*
#         - .config/containers/auth.json
#         - .config/gcloud/*.db
#         - .config/gcloud/*credentials*.json
#         - .config/gh/hosts.yml
#         - .config/git/credentials
#         - .config/rclone/rclone.conf
#         - .docker/config.json
#         - .dockercfg
#         - .gem/credentials
#         - .git-credentials
#         - .gnupg/private-keys-v1.d/*
#         - .kube/config
#         - .m2/settings.xml
#         - .my.cnf
#         - .netrc
#         - .npmrc
#         - .pgpass
#         - .pypirc
#         - .s3cfg
#         - .ssh/*.key
#         - .ssh/*.pem
#         - .ssh/*.ppk
#         - .terraform.d/credentials.tfrc.json
#         - .terraformrc
#         - .vault-token
#         - .yarnrc.yml
#       doc: names of files with credentials below a home; * is anything within a name
#     allowed:
#       type: array
#       default: []
#       doc: paths that may be there; * is anything within a name, ** anything
#   remediation: Remove the files, and renew the credentials that were in an image which somebody else may have.
package guestctl.hygiene.build_credentials

import data.guestctl.lib.leftovers
import data.guestctl.params

wanted := params["hygiene-build-credentials"]

files := array.concat(leftovers.in_homes(input.homes, wanted.names), leftovers.in_globs(input.globs))

deny contains leftovers.finding(file, "no credentials") if {
	some file in files
	not leftovers.matches(file.path, wanted.allowed)
}

deny contains finding if {
	some key in input.ssh_keys.private
	not leftovers.matches(key.path, wanted.allowed)
	finding := leftovers.trace(key.path, sprintf("%s is a private key", [key.path]), "no credentials")
}

unknown contains {"msg": leftovers.unread(input.homes)} if count(deny) == 0
