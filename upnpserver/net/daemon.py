"""The server put together.

Everything else gets what it needs as arguments. Source of the order at the end:
UDA 1.0 section 1.1.3; security.md requirement 34.
"""

import random
import resource
import time
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from functools import cache, partial
from typing import Any, TextIO

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from upnpserver.catalog.household import HOUSEHOLD_FILE, Household
from upnpserver.catalog.living import Moment
from upnpserver.catalog.views.words import words_of
from upnpserver.config import Config
from upnpserver.dlna.converted import CONVERTED_PATH
from upnpserver.errors import CatalogUnusable
from upnpserver.kept_forms import FORMS_FOLDER, KeptForms
from upnpserver.media.sidecars import role_of
from upnpserver.model import LibraryCounts, Plays
from upnpserver.net.accept import limits_within
from upnpserver.net.commands import House, OwnerSide
from upnpserver.net.control import Control
from upnpserver.net.convert import Conversions
from upnpserver.net.counted import Counted, counted
from upnpserver.net.discovery import Discovery
from upnpserver.net.disks import Disks
from upnpserver.net.documents import (
    description_routes,
    document_routes,
    server_documents,
)
from upnpserver.net.doorkeeper import Clocks, Doorkeeper
from upnpserver.net.event_delivery import deliver
from upnpserver.net.eventing import Eventing
from upnpserver.net.ffmpeg_maker import FfmpegMaker
from upnpserver.net.form_maker import FormMaker
from upnpserver.net.forms import Forms, Makers
from upnpserver.net.given_names import GivenNames
from upnpserver.net.insight import Insight, Sources
from upnpserver.net.interface_watch import InterfaceWatch
from upnpserver.net.interfaces import Interface, usable_interfaces
from upnpserver.net.libraries import Libraries
from upnpserver.net.link_port import OwnAddress, Presence
from upnpserver.net.listening import Listening
from upnpserver.net.neighbourhood import Neighbourhood
from upnpserver.net.pages import Pages
from upnpserver.net.plays import PlayLog
from upnpserver.net.recording import Recorder, names_of
from upnpserver.net.rule_book import RuleBook
from upnpserver.net.running import Running, not_kept
from upnpserver.net.scanner import Scanner
from upnpserver.net.secret_paths import secret_of
from upnpserver.net.seen import SeenLog
from upnpserver.net.service_calls import ServiceCalls, changed_by
from upnpserver.net.site import HostRule, Routes, Site
from upnpserver.net.source_info import SourceInfo
from upnpserver.net.status_lines import status_lines
from upnpserver.net.status_told import StatusTold
from upnpserver.net.stream import Streams
from upnpserver.net.systemd import Systemd
from upnpserver.net.time_seek import COMMAND as SEEK_COMMAND
from upnpserver.net.time_seek import TimeSeeks
from upnpserver.net.visitors import Visitors, device_rules
from upnpserver.net.visitors import not_noted as nobody_noted
from upnpserver.net.watch import Watch
from upnpserver.offline.addresses import Address
from upnpserver.progress import ProgressLine
from upnpserver.rules.profiles import HouseRules
from upnpserver.scan.messages import (
    Committed,
    Finished,
    Message,
    Progress,
    Ready,
    Trouble,
)
from upnpserver.scan.roots import CATALOG_FILE, partials, scan_order
from upnpserver.settings.families import shipped_families
from upnpserver.state import State
from upnpserver.upnp import ssdp
from upnpserver.upnp.description import (
    CONNECTION_MANAGER,
    CONTENT_DIRECTORY,
    DESCRIPTION_PATH,
    DEVICE_TYPE,
    SERVER,
    SERVICES,
    build_description,
)

STREAMS_END_WITHIN_S = 1.0
RULES_CHANGE_S = 20.0  # how late who subscribed may learn that an hour is over


class Server:
    """One media server: its parts, joined; started, and ended in order.

    out: where the owner reads name, addresses and libraries.
    """

    log = Logger()

    def __init__(
        self, reactor: EPollReactor, config: Config, state: State, out: TextIO
    ) -> None:
        self._reactor, self._out = reactor, out
        self._udn = f"uuid:{state.uuid()}"
        self._progress = ProgressLine(out)
        self._systemd = Systemd(reactor)
        self._neighbourhood = Neighbourhood(config.networks)
        self._catalog_path = state.path / CATALOG_FILE
        self._catalog_file: tuple[int, int] | None = None  # the one that is open
        self._disks = Disks(reactor)
        self._household = Household(state.path / HOUSEHOLD_FILE)
        self.in_thread = partial(self._disks.run, bytes(state.path))
        self._rule_book = RuleBook(
            config, self._household, self.in_thread, self._use_rules
        )
        config = self._config = replace(config, rules=self._rule_book.opened())
        kept = (reactor, self._household, self.in_thread, time.time)
        self._play_log = PlayLog(*kept) if config.keep_plays else None
        self._seen_log = SeenLog(*kept) if config.keep_devices else None
        moment = Moment(words_of(config.language), date.today, self._plays)
        self._library = Libraries(config, reactor, self._catalog_damaged, moment)
        self._sources = SourceInfo(self._library.served, self._source_changed)
        note = self._play_log.begun if self._play_log else not_kept
        self._running = Running(reactor.seconds, note)
        seekers = FormMaker(reactor, reactor, self.in_thread, SEEK_COMMAND)
        times = TimeSeeks(seekers)
        begun = self._running.begun
        self._streams = Streams(self._library.resource, reactor, begun, times)
        self._doorkeeper = Doorkeeper(
            config.rules,
            words_of(config.language),
            Clocks(reactor.seconds, datetime.now),
            self._household,
            self.in_thread,
            cache(lambda profile: secret_of(state.secret(), profile)),
        )
        self._visitors = Visitors(
            device_rules(config),
            reactor.seconds,
            seen=self._seen_log.note if self._seen_log else nobody_noted,
            doorkeeper=self._doorkeeper,
        )
        self._names = GivenNames(
            *(self._household, self.in_thread),
            *(self._visitors.place_of, self._visitors.name_of),
        )
        self._calls = ServiceCalls(
            self._library,
            self._sources,
            self._neighbourhood.base_url_for_items,
            self._play_log,
            self._doorkeeper,
        )
        self._eventing = Eventing(
            reactor,
            partial(deliver, reactor, reactor, self._is_welcome),
            self._calls.evented_variables,
            policy_later=self._visitors.policy_later,
        )
        self._doorkeeper.changed = self._eventing.tell_moved
        self._moves = LoopingCall(self._eventing.tell_moved)
        self._moves.clock = reactor
        self._conversions = Conversions(
            self._library.resource,
            reactor,
            reactor,
            config.conversions,
            self._running.begun,
        )
        self._forms = self._made_forms(state)
        self._insight = Insight(
            config.friendly_name,
            reactor,
            Sources(
                self._running,
                self._library,
                self._calls.asker,
                self._visitors.policy_later,
                self._names.name_of,
                lambda: self._scanner.is_free,
            ),
            self._counted if config.metrics else None,
        )
        self._site = self._made_site()
        self._listening = Listening(reactor, self._site, config.port, state)
        self._discovery = Discovery(
            reactor,
            reactor,
            self._presence(),
            random.SystemRandom().random,
            self._visitors.heard,
            is_welcome=self._visitors.is_welcome,
        )
        self._recorder = Recorder(
            reactor, config.families or shipped_families(), names_of(config)
        )
        self._site.witness = self._recorder.saw
        self._interfaces: tuple[Interface, ...] = ()
        self._was_ready = False
        self._changed_catalogs: set[str] = set()  # by names of visibilities
        self._interface_watch = InterfaceWatch(
            reactor,
            reactor,
            partial(usable_interfaces, config.interfaces),
            self._interfaces_changed,
        )
        order = scan_order(config, count_first=out.isatty())
        self._scanner = Scanner(reactor, reactor, order, self._scanner_said)
        self._folder_watch = Watch(
            reactor,
            reactor,
            self._scanner,
            Disks(reactor),
            lambda name: role_of(name) is not None,
        )
        self._status = self._calls.status = status_lines(
            *(config, self._library, lambda: self._folder_watch.told),
            partial(self._eventing.publish, CONTENT_DIRECTORY.name),
        )
        house = House(
            *(config, state, self._doorkeeper, self._visitors),
            *(self._play_log, self._seen_log, self._names, self._household),
            *(self.in_thread, self._library, self._scanner.scan),
            self._rule_book,
            StatusTold(
                *(self._insight.moment, self._library),
                *(self._urls, lambda: self._folder_watch.told),
            ),
        )
        self.owner = OwnerSide(reactor, house, {"record": self._recorder.talk})

    def start(self) -> None:
        """Listen, look around, scan. Raises ConfigError if the port is taken."""
        self._listening.start()
        self.owner.start()
        self._interface_watch.start()
        self._open_library()
        self._folder_watch.start()
        self._watch_the_clock()
        self._conversions.start(self._visitors.use_encoders)

    def stop(self) -> Deferred[None]:
        """Say goodbye first, then end what is under way; fires when all is done."""
        self._systemd.stopping()
        self._progress.finish()
        self._interface_watch.stop()
        self._folder_watch.stop()
        self._eventing.stop()
        self._insight.stop()
        if self._moves.running:
            self._moves.stop()
        ends: list[Deferred[Any]] = [
            self.owner.stop(),
            self._discovery.stop(),
            self._listening.stop(),
            self._site.stop(STREAMS_END_WITHIN_S),
            self._scanner.stop(),
        ]
        return DeferredList(ends).addCallback(self._close)

    def _close(self, _: object) -> None:
        self._streams.stop()
        self._conversions.stop()
        self._forms.stop()
        if self._play_log:
            self._play_log.stop()
        if self._seen_log:
            self._seen_log.stop()
        self._names.stop()
        self._doorkeeper.stop()
        self._disks.stop()
        self._library.close()

    def follow(self, config: Config) -> None:
        """Let rules and devices of a changed configuration hold. Raises ConfigError."""
        self._rule_book.follow(config)
        self._visitors.use(device_rules(config))

    def _use_rules(self, rules: HouseRules) -> None:
        self._library.use(rules)
        self._doorkeeper.use(rules)
        self._visitors.use(device_rules(self._config))
        self._scanner.use(partials(self._config, rules))
        self._watch_the_clock()

    def _watch_the_clock(self) -> None:
        """Tell subscribers when an hour is over, if there are any such rules."""
        if self._doorkeeper.may_change_by_itself and not self._moves.running:
            self._moves.start(RULES_CHANGE_S, now=False)

    def _made_forms(self, state: State) -> Forms:
        in_thread = partial(self._disks.run, bytes(state.path))
        kept = KeptForms(state.path / FORMS_FOLDER, self._config.picture_cache_mb << 20)
        reactor = self._reactor
        makers = Makers(
            FormMaker(reactor, reactor, in_thread),
            FfmpegMaker(reactor, reactor, lambda: self._conversions.tool),
        )
        return Forms(self._library.resource, reactor, makers, kept)

    def _plays(self, who: str) -> Plays | None:
        return self._play_log.plays(who) if self._play_log else None

    # What the outside may ask

    def _made_site(self) -> Site:
        described = partial(build_description, self._config.friendly_name, self._udn)
        services = self._insight.measured(self._calls.services())
        control = Control(services, self._library.in_thread)
        media, forms, converted = (
            dict.fromkeys((b"GET", b"HEAD"), one.answer)
            for one in (self._streams, self._forms, self._conversions)
        )
        pages = Pages(
            self._config.friendly_name,
            words_of(self._config.language),
            self._config.language,
            self._library,
            self._calls.asker,
            self._owner_url,
            self._insight.moment,
        )
        files = {
            b"/media/": media,
            CONVERTED_PATH.encode(): converted,
            b"/picture/": forms,
            b"/subtitle/": forms,
        }
        routes = Routes(
            exact={
                **pages.exact(),
                **self._insight.exact(),
                **description_routes(described),
                **document_routes(server_documents()),
                **control.routes(),
                **self._eventing.routes(),
            },
            prefixes={**files, **pages.prefixes(), **self._insight.prefixes()},
            guarded=frozenset(files),
        )
        return Site(
            routes,
            HostRule(lambda: self._neighbourhood.own_addresses, self._config.names),
            self._is_welcome,
            self._visitors.policy_for,
            limits_within(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
            self._reactor,
            server=SERVER,
        )

    def _counted(self) -> Counted:
        return counted(self._site, self._discovery, self._eventing, self._conversions)

    def _owner_url(self, base_url: str) -> str:
        return self.owner.page_url(base_url)

    def _is_welcome(self, address: Address) -> bool:
        return self._neighbourhood.is_neighbour(address) and self._visitors.is_welcome(
            address
        )

    # Being found

    def _presence(self) -> Presence:
        types = [service.service_type for service in SERVICES]
        rows = ssdp.advertisements(self._udn, DEVICE_TYPE, types)
        return Presence(rows, SERVER, self._location)

    def _location(self, own: OwnAddress) -> str:
        return self._url(own) + DESCRIPTION_PATH

    def _url(self, own: OwnAddress) -> str:
        host = f"[{own}]" if own.version == 6 else str(own)
        return f"http://{host}:{self._listening.port}"

    def _urls(self) -> list[str]:
        """Return where it is found over IPv4."""
        return [
            f"{self._url(address.ip)}/ ({interface.name})"
            for interface in self._interfaces
            for address in interface.ipv4
        ]

    def _interfaces_changed(self, interfaces: tuple[Interface, ...]) -> None:
        self._interfaces = interfaces
        self._neighbourhood.follow(interfaces)
        if self._was_ready:
            self._be_found()

    def _be_found(self) -> None:
        self._discovery.follow(self._interfaces)
        for interface in self._interfaces:
            for address in interface.ipv4:
                self.log.info(
                    "found on {name} at {url}/",
                    name=interface.name,
                    url=self._url(address.ip),
                )

    # The library

    def _open_library(self) -> None:
        """Answer from the catalog as it is; without one, the scanner makes it."""
        try:
            self._library.open()
        except CatalogUnusable:
            return
        counts = self._library.counts()
        if self._library.is_open and not self._was_ready:
            self._was_ready = True
            self._be_found()
            self._say_ready(counts)
        self._library.open_partial()
        for name in self._library.names:
            self._sources.look(name)

    def _is_other_catalog(self) -> bool:
        """Tell whether the scanner works on another file than the one that is open."""
        before = self._catalog_file
        try:
            status = self._catalog_path.stat()
        except OSError:
            return True
        self._catalog_file = (status.st_dev, status.st_ino)
        return not self._library.is_open or self._catalog_file != before

    def _catalog_damaged(self, error: CatalogUnusable) -> None:
        """Have it set aside and built again: nothing in it is precious."""
        self.log.warn("the catalog is damaged: {error}", error=error)
        self._scanner.scan(check=True)

    def _say_ready(self, counts: tuple[LibraryCounts, ...]) -> None:
        where = self._urls() or ["no network yet: waiting for one"]
        libraries = map(str, counts)
        self._say(f"{self._config.friendly_name} is ready", *where, *libraries)
        self._systemd.ready(f"found at {', '.join(where)}")

    def _say(self, *lines: str) -> None:
        self._progress.clear()
        print(*lines, sep="\n  ", file=self._out, flush=True)

    def _scanner_said(self, message: Message) -> None:
        self._folder_watch.heard(message)
        self._insight.heard(message)
        if self._status:
            self._status.heard(message)
        match message:
            case Ready(""):
                if self._is_other_catalog():
                    self._open_library()
            case Ready(partial_name):
                self._open_partial(partial_name)
            case Progress(done, total):
                self._progress.update(done, total)
            case Committed():
                self._changed_catalogs.add(message.partial)
                name, changed = CONTENT_DIRECTORY.name, changed_by(message)
                self._eventing.publish(name, changed, message.partial)
            case Trouble(text):
                self.log.warn("{text}", text=text)
            case Finished():
                self._progress.finish()
                self._scan_finished(message)

    def _open_partial(self, name: str) -> None:
        """Answer those who don't see everything from their catalog as it is now."""
        with suppress(CatalogUnusable):  # removed meanwhile: then it comes again
            self._library.open(name)
            self._changed_catalogs.add(name)

    def _source_changed(self, name: str, source: str) -> None:
        changed = {"SourceProtocolInfo": source}
        self._eventing.publish(CONNECTION_MANAGER.name, changed, name)

    def _scan_finished(self, scan: Finished) -> None:
        for name in self._changed_catalogs:
            self._sources.look(name)
        self._changed_catalogs.clear()
        if not scan.whole:
            return
        if scan.read or scan.gone:
            self._say("Libraries:", *map(str, self._library.counts()))
        self.log.info(
            "scan: {scan.read} files read, {scan.gone} gone, {scan.problems} not"
            " readable, {scan.seconds:.1f} s",
            scan=scan,
        )
