"""Makes a Samba AD domain for the tests: the domain, its containers, and a service account with delegated rights.

Usage: /usr/bin/python3 samba-provision.py FOLDER REALM ADMIN_PASSWORD SERVICE_PASSWORD

FOLDER takes everything. It expects ca.pem, cert.pem and key.pem there and leaves smb.conf beside them. The rights are
those that the target's README asks for and no others, so the tests show that they suffice.
"""

import logging
import os
import sys

from samba import sd_utils
from samba.auth import system_session
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.ndr import ndr_unpack
from samba.dcerpc import security
from samba.param import LoadParm
from samba.provision import provision
from samba.samdb import SamDB

folder, realm, admin_password, service_password = sys.argv[1:5]
domain = realm.split(".")[0].upper()
base = ",".join(f"DC={part}" for part in realm.lower().split("."))

kept = {name: os.path.join(folder, name) for name in ("private", "state", "cache", "lock", "pid", "binddns", "ncalrpc")}
options = {
    "netbios name": "DC1",
    "realm": realm.upper(),
    "workgroup": domain,
    "server role": "active directory domain controller",
    # LDAP alone: no file server, no Kerberos, no DNS, so nothing else listens.
    "server services": "ldap",
    "interfaces": "127.0.0.1/8",
    "bind interfaces only": "yes",
    "ldap server require strong auth": "yes",
    "tls keyfile": os.path.join(folder, "key.pem"),
    "tls certfile": os.path.join(folder, "cert.pem"),
    "tls cafile": os.path.join(folder, "ca.pem"),
    "private dir": kept["private"],
    "state directory": kept["state"],
    "cache directory": kept["cache"],
    "lock directory": kept["lock"],
    "pid directory": kept["pid"],
    "binddns dir": kept["binddns"],
    "ncalrpc dir": kept["ncalrpc"],
    "log file": os.path.join(folder, "samba.log"),
    # Nothing here outlives the tests, so nothing waits for the disk.
    "ldb:nosync": "true",
    "usershare path": os.path.join(folder, "usershares"),
}
shares = {
    "sysvol": os.path.join(kept["state"], "sysvol"),
    "netlogon": os.path.join(kept["state"], "sysvol", realm.lower(), "scripts"),
}

for path in kept.values():
    os.makedirs(path, exist_ok=True)
configuration = os.path.join(folder, "smb.conf")
with open(configuration, "w") as file:
    file.write("[global]\n" + "".join(f"  {name} = {value}\n" for name, value in options.items()))
    for name, path in shares.items():
        file.write(f"[{name}]\n  path = {path}\n")

parameters = LoadParm()
parameters.load(configuration)
provision(
    logging.getLogger("provision"),
    system_session(),
    smbconf=configuration,
    lp=parameters,
    realm=realm.upper(),
    domain=domain,
    hostname="dc1",
    hostip="127.0.0.1",
    adminpass=admin_password,
    serverrole="active directory domain controller",
    dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
    dns_backend="NONE",
    # Without this it wants extended attributes, which many containers' file systems lack.
    skip_sysvolacl=True,
    use_rfc2307=True,
    useeadb=False,
)

samdb = SamDB(url=os.path.join(kept["private"], "sam.ldb"), session_info=system_session(), lp=parameters)
for unit in ("People", "Admins", "Leavers", "Groups", "Service Accounts"):
    samdb.create_ou(f"OU={unit},{base}")
samdb.newuser("svc-muster", service_password, userou="OU=Service Accounts")
samdb.newuser("svc-powerless", service_password, userou="OU=Service Accounts")

found = samdb.search(base, expression="(sAMAccountName=svc-muster)", attrs=["objectSid"])
sid = ndr_unpack(security.dom_sid, found[0]["objectSid"][0])

USER = "bf967aba-0de6-11d0-a285-00aa003049e2"
GROUP = "bf967a9c-0de6-11d0-a285-00aa003049e2"
ON_USERS = {
    "userAccountControl": ("WP", "bf967a68-0de6-11d0-a285-00aa003049e2"),
    "description": ("WP", "bf967950-0de6-11d0-a285-00aa003049e2"),
    "Reset Password": ("CR", "00299570-246d-11d0-a768-00aa006e0529"),
    "name": ("WP", "bf967a0e-0de6-11d0-a285-00aa003049e2"),
    "cn": ("WP", "bf96793f-0de6-11d0-a285-00aa003049e2"),
    "givenName": ("WP", "f0f8ff8e-1191-11d0-a060-00aa006c33ed"),
    "sn": ("WP", "bf967a41-0de6-11d0-a285-00aa003049e2"),
    "displayName": ("WP", "bf967953-0de6-11d0-a285-00aa003049e2"),
    "department": ("WP", "bf96794f-0de6-11d0-a285-00aa003049e2"),
    "title": ("WP", "bf967a55-0de6-11d0-a285-00aa003049e2"),
    "physicalDeliveryOfficeName": ("WP", "bf9679f7-0de6-11d0-a285-00aa003049e2"),
    "manager": ("WP", "bf9679b5-0de6-11d0-a285-00aa003049e2"),
}
MEMBER = "bf9679c0-0de6-11d0-a285-00aa003049e2"

descriptors = sd_utils.SDUtils(samdb)
for unit in ("People", "Admins", "Leavers"):
    for right, kind in ON_USERS.values():
        descriptors.dacl_add_ace(f"OU={unit},{base}", f"(OA;CIIO;{right};{kind};{USER};{sid})")
    # Create and delete user objects: new accounts, and moves between the units.
    descriptors.dacl_add_ace(f"OU={unit},{base}", f"(OA;CI;CCDC;{USER};;{sid})")
    # Delete user objects together with what lies below them.
    descriptors.dacl_add_ace(f"OU={unit},{base}", f"(OA;CIIO;SDDT;;{USER};{sid})")
descriptors.dacl_add_ace(f"OU=Groups,{base}", f"(OA;CIIO;WP;{MEMBER};{GROUP};{sid})")
