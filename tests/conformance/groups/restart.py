"""What stays the same when the server is started again.

Source: UDA 1.0 section 1.1.4 (UDN); ContentDirectory:1 section 2.5.21; reference
ssdp.md section 6, content-directory.md sections 6 and 7.
"""

from urllib.parse import urlsplit

from conformance.checks import Group, NotOffered, When, equal, none, true
from conformance.groups.eventing import subscribe

check = Group("Next start")


@check("UDA 1.0 section 2.1 (UDN)", when=When.AGAIN)
def udn_stays(server):
    """The UDN is the same: another would be another device."""
    equal(server.again.device.udn, server.device.udn)


@check("reference ssdp.md section 2", when=When.AGAIN)
def location_path_stays(server):
    """The description has the same path."""
    if server.description_path != urlsplit(server.again.location).path:
        true(server.device.udn[5:] in server.again.location, "another path")


@check("reference content-directory.md section 6 (ids)", when=When.AGAIN)
def ids_stay(server):
    """Every object has the id that it had: bookmarks and renderers keep it."""
    before = {n.id: n.title for n in server.tree.nodes}
    after = {n.id: n.title for n in server.again.tree.nodes}
    none([(i, t) for i, t in before.items() if after.get(i) != t], "another object")


@check("reference content-directory.md section 6 (ids)", when=When.AGAIN)
def urls_stay(server):
    """Every file has the path that it had: a player may be in the middle of it."""
    before = {
        n.size: urlsplit(n.resources[0].text or "").path for n in server.tree.items
    }
    after = {
        n.size: urlsplit(n.resources[0].text or "").path
        for n in server.again.tree.items
    }
    none([p for s, p in before.items() if after.get(s) != p], "another path")


@check("reference content-directory.md section 7", when=When.AGAIN)
def update_id_does_not_go_back(server):
    """SystemUpdateID is not smaller than before."""
    before = server.update_id
    after = int(server.again.call("GetSystemUpdateID")["Id"])
    true(after >= before, f"{before}, now {after}")


@check("ContentDirectory:1 section 2.5.21", when=When.AGAIN)
def listing_stays(server):
    """The root lists the same children in the same order."""
    before = [n.id for n in server.tree.root.children]
    equal([n.id for n in server.again.tree.root.children], before)


@check("UDA 1.0 section 4.1.3; reference gena.md", when=When.AGAIN)
def old_subscriptions_are_gone(server):
    """A renewal of a subscription from before is 412."""
    sid = "uuid:11111111-2222-3333-4444-555555555555"
    equal(subscribe(server.again, "ContentDirectory", SID=sid).status, 412)


@check("UDA 1.0 section 1.2.2", when=When.AGAIN)
def is_announced_again(server):
    """It announces itself again."""
    if server.ended_in_s is None:
        raise NotOffered("it did not end when asked")
    found = [
        m
        for m in server.heard.messages("ssdp:alive")
        if m.at_s > server.ended_at_s + server.ended_in_s
    ]
    true(found, "no ssdp:alive")
