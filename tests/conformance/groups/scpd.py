"""Service descriptions. Source: UDA 1.0 section 2.3; control-points.md (Kodi)."""

import re

from conformance import soap
from conformance.checks import Group, NotOffered, among, equal, none, true
from conformance.device import CDS, CMS, REGISTRAR, SERVICE, read_scpd
from conformance.groups.services import ACTIONS, ALLOWED, OPTIONAL, VARIABLES

check = Group("SCPD")
UDA = "UDA 1.0 section 2.3"
SERVICES = (CDS, CMS, REGISTRAR)
DATA_TYPES = {
    *("ui1", "ui2", "ui4", "ui8", "i1", "i2", "i4", "i8", "int", "r4", "r8"),
    *("number", "fixed.14.4", "float", "char", "string", "date", "dateTime"),
    *("dateTime.tz", "time", "time.tz", "boolean", "bin.base64", "bin.hex"),
    *("uri", "uuid"),
}


@check("UDA 1.0 section 2.9", SERVICES)
def is_there(server, name):
    """GET of SCPDURL gives 200."""
    equal(server.get(server.service(name).scpd_path).status, 200)


@check("UDA 1.0 section 2.9", SERVICES)
def content_type(server, name):
    """Content-Type is text/xml."""
    header = server.get(server.service(name).scpd_path).header("Content-Type")
    true(
        re.fullmatch(r'text/xml(\s*;\s*charset="?utf-8"?)?', header.lower()),
        f"Content-Type: {header!r}",
    )


@check("RFC 9110 section 9.3.2", SERVICES)
def head(server, name):
    """HEAD gives the headers of GET."""
    path = server.service(name).scpd_path
    response = server.request("HEAD", path)
    equal(response.status, 200)
    equal(response.header("Content-Length"), str(len(server.get(path).body)))


@check("XML 1.0; UDA 1.0 section 2.3", SERVICES)
def root_element(server, name):
    """The root is <scpd> in the service namespace."""
    root = soap.parse(server.get(server.service(name).scpd_path).body)
    equal(root.tag, f"{{{SERVICE}}}scpd")


@check(UDA, SERVICES)
def parts_in_order(server, name):
    """specVersion, actionList and serviceStateTable, in this order."""
    tags = [
        child.tag.removeprefix(f"{{{SERVICE}}}")
        for child in server.scpd(name).root
        if isinstance(child.tag, str)
    ]
    equal(tags, ["specVersion", "actionList", "serviceStateTable"])


@check(UDA, SERVICES)
def action_names(server, name):
    """Every action has a name, and no two the same."""
    names = [action for action, _ in server.scpd(name).actions]
    true(names, "no actions")
    none([action for action in names if not re.fullmatch(r"[A-Za-z_]\w*", action)], "")
    equal(len(set(names)), len(names), "different names")


@check(UDA, SERVICES)
def argument_names(server, name):
    """Every argument has a name, and no two of an action the same."""
    for action, arguments in server.scpd(name).actions:
        names = [argument.name for argument in arguments]
        true(all(names), f"{action}: an argument without name")
        equal(len(set(names)), len(names), f"{action}: names")


@check(UDA, SERVICES)
def directions(server, name):
    """Directions are in or out, and all in stand before all out."""
    for action, arguments in server.scpd(name).actions:
        ways = [argument.direction for argument in arguments]
        none([way for way in ways if way not in ("in", "out")], action)
        equal(ways, sorted(ways), f"{action}: order")


@check(UDA, SERVICES)
def related_variables_exist(server, name):
    """Every argument names a state variable of the table."""
    scpd = server.scpd(name)
    known = {variable.name for variable in scpd.variables}
    wrong = [
        (action, argument.name, argument.variable)
        for action, arguments in scpd.actions
        for argument in arguments
        if argument.variable not in known
    ]
    none(wrong, "no such variable")


@check(UDA, SERVICES)
def one_return_value(server, name):
    """At most one argument of an action is the retval, the first out."""
    for action in server.scpd(name).root.iter(f"{{{SERVICE}}}action"):
        marks = list(action.iter(f"{{{SERVICE}}}retval"))
        true(len(marks) <= 1, f"{len(marks)} retval")


@check(UDA, SERVICES)
def variable_names(server, name):
    """Every state variable has a name, and no two the same."""
    names = [variable.name for variable in server.scpd(name).variables]
    true(names and all(names), "a variable without name")
    equal(len(set(names)), len(names), "different names")


@check(UDA, SERVICES)
def data_types(server, name):
    """Every state variable has a data type that UPnP knows."""
    wrong = [v for v in server.scpd(name).variables if v.type not in DATA_TYPES]
    none(wrong, "data type")


@check(UDA, SERVICES)
def send_events(server, name):
    """sendEvents is yes or no for every variable."""
    wrong = [v for v in server.scpd(name).variables if v.evented not in ("yes", "no")]
    none(wrong, "sendEvents")


@check(UDA, SERVICES)
def allowed_values(server, name):
    """Lists of allowed values are of strings, and hold the default value."""
    for variable in server.scpd(name).variables:
        if variable.allowed:
            equal(variable.type, "string", variable.name)
            none([v for v in variable.allowed if not v or len(v) > 31], variable.name)
            among(variable.default, (None, *variable.allowed), variable.name)


@check(UDA, SERVICES)
def variables_are_used(server, name):
    """Every A_ARG_TYPE variable belongs to an argument."""
    scpd = server.scpd(name)
    used = {a.variable for _, arguments in scpd.actions for a in arguments}
    helpers = [v.name for v in scpd.variables if v.name.startswith("A_ARG_TYPE")]
    none([name for name in helpers if name not in used], "unused")


@check(UDA, SERVICES)
def reads_again(server, name):
    """Two requests bring the same SCPD."""
    path = server.service(name).scpd_path
    equal(
        read_scpd(soap.parse(server.get(path).body)).actions, server.scpd(name).actions
    )


_ACTION_CASES = {
    f"{service} {action}": (service, action, arguments)
    for service, actions in ACTIONS.items()
    for action, arguments in actions.items()
}


@check("ContentDirectory:1, ConnectionManager:1: action tables", _ACTION_CASES)
def action_arguments(server, service, action, arguments):
    """An action has the arguments of the specification, in its order."""
    scpd = server.scpd(service)
    if action in OPTIONAL:
        scpd.arguments(action)  # NotOffered without it
    declared = dict(scpd.actions)
    true(action in declared, f"no action {action}")
    found = [(a.direction, a.name, a.variable) for a in declared[action]]
    equal(found, list(arguments))


_VARIABLE_CASES = {
    f"{service} {variable}": (service, variable, kind, evented)
    for service, variables in VARIABLES.items()
    for variable, (kind, evented) in variables.items()
}


@check("ContentDirectory:1, ConnectionManager:1: variable tables", _VARIABLE_CASES)
def variable_type(server, service, variable, kind, evented):
    """A state variable has the type and the eventing of the specification."""
    found = server.scpd(service).variable(variable)
    equal(found.type, kind, "dataType")
    equal(found.evented, evented, "sendEvents")


_ALLOWED_CASES = {
    variable: (service, variable, values)
    for service, variables in ALLOWED.items()
    for variable, values in variables.items()
}


@check("ContentDirectory:1, ConnectionManager:1: variable tables", _ALLOWED_CASES)
def variable_values(server, service, variable, values):
    """A state variable has the allowed values of the specification."""
    equal(sorted(server.scpd(service).variable(variable).allowed), sorted(values))


@check("UDA 1.0 section 3.2.2 (401)", SERVICES)
def declared_actions_exist(server, name):
    """No action that is declared is answered with 401."""
    missing = []
    for action, _ in server.scpd(name).actions:
        try:
            server.call(action, {}, name)
        except soap.Fault as fault:
            missing += [action] if fault.code == 401 else []
    none(missing, "401")


@check("UDA 1.0 section 2.3; UDA 1.0 section 4", SERVICES)
def evented_variables(server, name):
    """A service that can be subscribed to has an evented variable."""
    evented = [v for v in server.scpd(name).variables if v.evented == "yes"]
    if not evented:
        raise NotOffered("no evented variables")
    none([v.name for v in evented if v.name.startswith("A_ARG_TYPE")], "evented")
